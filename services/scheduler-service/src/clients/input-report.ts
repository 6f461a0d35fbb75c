import type { InputReportSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { IngestRecord } from "../domain/ingest-record.ts";

const [MAX_REASONS, MAX_SAMPLES, MAX_FILES] = [200, 100, 500];

/** Converts the files and the rejected rows of an ingest, within the bounds of the contract. */
export function inputReportToProto({
  rejected,
  sources,
}: Pick<IngestRecord, "rejected" | "sources">): MessageInitShape<typeof InputReportSchema> {
  const reasons = rejected.reasons.toSorted((a, b) => b.rows - a.rows);
  return {
    reasons: reasons.slice(0, MAX_REASONS).map(({ stage, source, column, reason, rows }) => ({
      ...{ stage, source: name(source), column: name(column ?? ""), reason: sentence(reason) || "not readable" },
      rows: BigInt(rows),
    })),
    reasonsCount: reasons.length,
    samples: rejected.samples.slice(0, MAX_SAMPLES).map(({ source, file, line, column, reason, text }) => ({
      ...{ source: name(source), file: name(file), line: BigInt(line ?? 0), column: name(column ?? "") },
      ...{ reason: sentence(reason), text: sentence(text) },
    })),
    files: sources.slice(0, MAX_FILES).map(({ source, file, rows, rejected: bad, digest }) => ({
      ...{ source: name(source), file: name(file), rows: BigInt(rows), rowsRejected: BigInt(bad), sha256: digest },
    })),
  };
}

/** At most 256 bytes: a character of UTF-16 has at most three bytes. */
const name = (text: string): string => fitting(text, 85);
/** At most 1,000 bytes. */
const sentence = (text: string): string => fitting(text, 333);

const fitting = (text: string, characters: number): string =>
  text.replaceAll("\0", "").slice(0, characters).toWellFormed();
