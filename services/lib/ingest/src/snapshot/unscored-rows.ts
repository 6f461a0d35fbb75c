import { realpath } from "node:fs/promises";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { COLUMN } from "../mapping/rejected-row-reasons.ts";
import { type OpenOptions, openSnapshot, type SnapshotShape, shapeOf } from "./snapshot-chunks.ts";

/** A feature that counts for the minimum of known features. */
export interface CountedFeature {
  readonly name: string;
  readonly kind: "numeric" | "category";
  /** The categories that the model knows: any other value counts as missing. Empty: each value is known. */
  readonly categories: readonly string[];
}

/** How many features a supplier needs for a score. */
export interface ScoreMinimum {
  /** Minimum number of known ones among `features`. */
  readonly least: number;
  readonly features: readonly CountedFeature[];
}

/** Rows of a snapshot with too few known features for a score. */
export interface UnscoredRows {
  readonly rows: number;
  /** Features that these rows do not have, most often missing first; in how many of them. Without those that none misses. */
  readonly missing: readonly { readonly feature: string; readonly rows: number }[];
  /** Categories that the model does not know, over all rows of the snapshot, by feature. Without features whose values are all known. */
  readonly unknown: readonly UnknownCategories[];
}

/** Values of a categorical feature that the model does not know: they count as missing. */
export interface UnknownCategories {
  readonly feature: string;
  /** Number of rows with an unknown value. */
  readonly rows: number;
  /** Number of rows with a value. */
  readonly present: number;
}

/** Counts the rows of a snapshot that a model cannot score. @throws Error when the file is not a snapshot */
export async function countUnscored(
  parquet: string,
  { least, features }: ScoreMinimum,
  options: OpenOptions = {},
): Promise<UnscoredRows> {
  if (features.length === 0) return { rows: 0, missing: [], unknown: [] };
  await using workspace = await openSnapshot(parquet, options);
  const path = await realpath(parquet);
  const shape = await shapeOf(workspace, path);
  const unknown = await unknownCategories(workspace, path, features, shape);
  if (least === 0) return { rows: 0, missing: [], unknown };
  const marks = features.map((_, i) => `"~${i}"`);
  const known = features.map((feature, i) => `${knownSql(feature, shape)} as ${marks[i]}`);
  // A sum of a thousand terms would be nested too deeply for DuckDB's parser.
  const count = `list_sum([${marks.map((mark) => `${mark}::integer`).join(", ")}])`;
  const [counts = []] = await workspace.rows(
    `select count(*), ${marks.map((mark) => `count(*) filter (not ${mark})`).join(", ")}
     from (select ${known.join(", ")} from read_parquet(${sqlText(path)})) where ${count} < ${least}`,
  );
  const [rows = 0, ...missing] = counts.map(Number);
  return {
    rows,
    unknown,
    missing: features
      .map(({ name }, i) => ({ feature: name, rows: missing[i] ?? 0 }))
      .filter((one) => one.rows > 0)
      .sort((a, b) => b.rows - a.rows),
  };
}

async function unknownCategories(
  workspace: Workspace,
  path: string,
  features: readonly CountedFeature[],
  shape: SnapshotShape,
): Promise<UnknownCategories[]> {
  const checked = features.filter(({ name, categories }) => categories.length > 0 && shape.categories.includes(name));
  if (checked.length === 0) return [];
  const counts = checked.flatMap((feature) => [
    `count(*) filter (not ${knownSql(feature, shape)})`,
    `count(${sqlName(COLUMN.category(feature.name))})`,
  ]);
  const [[total = 0, ...found] = []] = (
    await workspace.rows(`select count(*), ${counts.join(", ")} from read_parquet(${sqlText(path)})`)
  ).map((row) => row.map(Number));
  return checked
    .map(({ name }, i) => {
      const [unknownOrMissing = 0, present = 0] = found.slice(2 * i);
      return { feature: name, rows: unknownOrMissing - (total - present), present };
    })
    .filter(({ rows }) => rows > 0);
}

/** Returns SQL that is true when a row has a value of the feature that the model knows. */
function knownSql({ name, kind, categories }: CountedFeature, shape: SnapshotShape): string {
  if (kind === "numeric") {
    const value = sqlName(COLUMN.number(name));
    return shape.numbers.includes(name) ? `coalesce(not isnan(${value}), false)` : "false";
  }
  const value = sqlName(COLUMN.category(name));
  if (!shape.categories.includes(name)) return "false";
  return categories.length === 0
    ? `${value} is not null`
    : `coalesce(${value} in (${categories.map(sqlText).join(", ")}), false)`;
}
