import type { DependencePoint, FeatureImportance, Importance } from "./importance.ts";

/** Number of features that the model card lists, and of words of a text. */
const SHOWN = 15;
const SHOWN_WORDS = 3;

/**
 * Returns the section of a model card about the importance of the features, in Markdown.
 * @param reason Why the importance is not known, without a full stop; used when `importance` is null.
 */
export function importanceSection(importance: Importance | null, reason: string): string {
  const title = "\n## What the model uses\n";
  if (importance === null) return `${title}The importance of the features is not known: ${reason}.\n`;
  const { features, rowsText, kind, outputSpace } = importance;
  const rest = features.slice(SHOWN);
  return [
    title.trimEnd(),
    `Mean |contribution| over ${rowsText} (${kind}, ${outputSpace}). It says what the model uses, not what causes the risk.`,
    "",
    "| feature | mean contribution | share | mean contribution by value |",
    "|---|---|---|---|",
    ...features
      .slice(0, SHOWN)
      .map(
        (of) =>
          `| \`${cell(of.feature)}\` | ${of.meanMagnitude.toPrecision(3)} | ${percent(of.share)} | ${effects(of)} |`,
      ),
    ...(rest.length === 0
      ? []
      : [`| ${rest.length} more | | ${percent(rest.reduce((sum, of) => sum + of.share, 0))} | |`]),
    "",
  ].join("\n");
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const signed = (x: number): string => `${x < 0 ? "−" : "+"}${Math.abs(x).toPrecision(2)}`;
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
const short = (x: number): string => String(Number(x.toPrecision(4)));

/** Returns the mean contribution at the lowest and highest values, of the most frequent categories, or of the words. */
function effects({ dependence, words, unit }: FeatureImportance): string {
  const text = (point: DependencePoint, name: string): string => `${cell(name)}: ${signed(point.meanContribution)}`;
  const ranges = dependence.filter(({ range }) => range !== null);
  const [lowest, highest] = [ranges[0], ranges.at(-1)];
  if (lowest?.range && highest?.range && highest !== lowest) {
    const withUnit = unit === "" ? "" : ` ${unit}`;
    return `${text(lowest, `≤ ${short(lowest.range[1])}${withUnit}`)}, ${text(highest, `≥ ${short(highest.range[0])}${withUnit}`)}`;
  }
  if (words.length > 0)
    return words
      .slice(0, SHOWN_WORDS)
      .map(
        ({ word, meanContribution }) =>
          `“${cell(word)}”: ${meanContribution === null ? "in no text" : signed(meanContribution)}`,
      )
      .join(", ");
  return dependence
    .filter(({ category }) => category !== "")
    .slice(0, SHOWN_WORDS)
    .map((point) => text(point, point.category))
    .join(", ");
}
