import type { Importance } from "./importance.ts";

/** Number of features that the model card lists. */
const SHOWN = 15;

/** Returns the section of a model card about the importance of the features, in Markdown. */
export function importanceSection(importance: Importance | null, reason: string): string {
  const title = "\n## What the model uses\n";
  if (importance === null) return `${title}The importance of the features is not known: ${reason}.\n`;
  const rest = importance.features.slice(SHOWN);
  const share = (part: number): string => `${(100 * part).toFixed(1)} %`;
  return [
    title.trimEnd(),
    `Mean |contribution| over ${importance.rowsText} (${importance.kind}, ${importance.outputSpace}). It says what the model uses, not what causes the risk.`,
    "",
    "| feature | mean contribution | share |",
    "|---|---|---|",
    ...importance.features
      .slice(0, SHOWN)
      .map(
        (of) =>
          `| \`${of.feature.replaceAll("|", "\\|")}\` | ${of.meanMagnitude.toPrecision(3)} | ${share(of.share)} |`,
      ),
    ...(rest.length === 0 ? [] : [`| ${rest.length} more | | ${share(rest.reduce((sum, of) => sum + of.share, 0))} |`]),
    "",
  ].join("\n");
}
