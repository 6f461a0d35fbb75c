import type { FeatureMapping, RowsMapping } from "@bellwether/config/feature-mapping";
import type { SourceMapping } from "@bellwether/config/source-mapping";

/** SQL that reads columns without naming them. */
const WITHOUT_NAMES = ["columns", "natural", "positional", "unpivot"];

/**
 * Returns the part of a mapping that a weekly run of raw files needs. Tables and steps that only the label reads are left
 * out, and columns that only the label names are optional: a weekly run has no label. A name that occurs anywhere in the SQL
 * of the features, also in a text or comment, counts as used.
 */
export function weeklyMapping(mapping: FeatureMapping): FeatureMapping {
  const { weekly, steps, sources, rows } = mapping;
  if (weekly?.form !== "raw") return mapping;
  const used = new Set(wordsOf([rows.from, ...expressionsOf(rows), weekly.snapshot ?? ""]));
  const needed: typeof steps = steps
    .toReversed()
    .filter(({ name, sql }) => {
      if (!used.has(name)) return false;
      for (const word of wordsOf([sql])) used.add(word);
      return true;
    })
    .toReversed();
  const namesAll = !WITHOUT_NAMES.some((word) => used.has(word));
  return {
    ...mapping,
    steps: needed,
    sources: sources
      .filter(({ name }) => used.has(name))
      .map((source) => (namesAll ? withOptional(source, used) : source)),
  };
}

function withOptional(source: SourceMapping, used: ReadonlySet<string>): SourceMapping {
  return {
    ...source,
    columns: source.columns.map((column) =>
      used.has(column.name) || column.optional
        ? column
        : { ...column, optional: true as const, isOnlyForLabel: true as const },
    ),
  };
}

function expressionsOf({ supplierId, asOf, features, text, attributes, keepNewestBy }: RowsMapping): string[] {
  const all = [supplierId, asOf, text, keepNewestBy, ...Object.values(features), ...Object.values(attributes)];
  return all.filter((sql) => typeof sql === "string");
}

/** Words of SQL in lower case: the names of tables and columns are among them. */
const wordsOf = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []);
