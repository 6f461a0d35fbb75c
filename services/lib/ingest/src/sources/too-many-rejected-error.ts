import type { SourceMapping } from "@bellwether/config/source-mapping";
import { countText } from "@bellwether/reasons/count-text";
import type { SourceFile } from "../files/source-files.ts";
import { SourceError } from "../ingest-errors.ts";
import type { ReasonCount, RejectedSample } from "../rejected-rows.ts";

/** Returns value and reason as one clause: `"1.234,56" is not a number; set …`. */
function wordedSample(sample: RejectedSample | undefined): string {
  if (sample === undefined) return "";
  const { reason, text } = sample;
  if (text === "") return reason;
  return reason.startsWith("not ") ? `${JSON.stringify(text)} is ${reason}` : `${reason} (${JSON.stringify(text)})`;
}

/** Names the reason that rejected most rows, with its first sample: other reasons are often its consequence. */
export function tooManyRejected(
  { source, file }: { readonly source: SourceMapping; readonly file: SourceFile },
  bad: number,
  good: number,
  reasons: readonly ReasonCount[],
  samples: readonly RejectedSample[],
) {
  const [largest] = reasons.toSorted((a, b) => b.rows - a.rows);
  const isOfLargest = ({ column, reason }: RejectedSample): boolean =>
    column === largest?.column && reason.startsWith(largest.reason);
  const first = samples.find(isOfLargest) ?? samples[0];
  const which =
    reasons.length > 1 && largest ? `the largest reason, with ${countText(largest.rows, "row")}` : "the first";
  const where = [first?.line && `line ${first.line}`, first?.column && `column "${first.column}"`]
    .filter(Boolean)
    .join(", ");
  return new SourceError(
    source.name,
    file.name,
    `${bad} of ${countText(good + bad, "row")} would be rejected, more than the limit; ${which}: ${where}: ${wordedSample(first)}`,
  );
}
