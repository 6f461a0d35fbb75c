import type { FeatureMapping, RowsMapping } from "@bellwether/config/feature-mapping";
import type { ColumnMapping, SourceMapping } from "@bellwether/config/source-mapping";
import type { MissingColumn } from "@bellwether/plausibility/check-renamed";
import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import { findRenamed } from "@bellwether/plausibility/find-renamed";
import type { PreviousInput } from "@bellwether/plausibility/previous-input";
import { bareValue, castValue } from "../duckdb/column-sql.ts";
import { profileColumns } from "../duckdb/profile-columns.ts";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { comparedName } from "../files/compared-name.ts";
import { fileColumn } from "../files/file-reader.ts";
import { type FileTable, MissingColumnsError } from "../files/missing-columns.ts";
import { IngestLimitError } from "../ingest-errors.ts";

/** The week before, in which a missing column had its values. */
export type EarlierColumns = Pick<PreviousInput, "week" | "columns">;

/** What is known about the columns of a source, to find those that were renamed. */
export interface KnownColumns {
  /** The column of a profile that has the values of a column of the source, by the name of the latter. */
  readonly profiles: ReadonlyMap<string, string>;
  /** Null: no earlier week is known. */
  readonly previous: EarlierColumns | null;
}

/** Maximum number of columns of a file that are examined, and maximum number of their rows. */
const [MAX_COLUMNS, MAX_ROWS] = [64, 20_000];
/** Quoted SQL name of the table with the rows that are examined. */
const SAMPLE = '"unread columns"';

/** Returns what is known about the columns of a source of a weekly run. */
export function knownColumns(
  { weekly, rows }: Pick<FeatureMapping, "weekly" | "rows">,
  source: Pick<SourceMapping, "name">,
  previous: EarlierColumns | null,
): KnownColumns {
  const isFlat = weekly?.form === "flat";
  const read = isFlat ? weekly.rows : rows;
  // A joined or aggregated column has other values than the file.
  const isDirect = isFlat || rows.from === source.name;
  return { profiles: new Map(isDirect ? profilesOf(read) : []), previous };
}

function* profilesOf({ features, attributes }: RowsMapping): Generator<readonly [string, string]> {
  const { region, category, exposure } = attributes;
  for (const [name, expression] of Object.entries({ region, category, exposure }))
    if (expression !== null) yield [columnOf(expression), `attributes.${name}`];
  for (const [feature, expression] of Object.entries(features)) yield [columnOf(expression), feature];
}

/** The name of the column when an expression is only that. */
const columnOf = (expression: string): string => expression.trim().replace(/^"(.*)"$/s, "$1");

/**
 * Returns the columns of a mapping that a file does not have, with what its other columns look like. The rows are read
 * again, up to a limit.
 */
export async function describeMissing(
  workspace: Workspace,
  source: Pick<SourceMapping, "columns" | "decimal">,
  {
    missing,
    unread,
    table,
  }: {
    readonly missing: readonly ColumnMapping[];
    readonly unread: readonly string[];
    readonly table: FileTable | null;
  },
  known: KnownColumns,
): Promise<MissingColumn[]> {
  const listed = [...new Set(unread)].slice(0, MAX_COLUMNS);
  const isWanted = table !== null && known.previous !== null && listed.length > 0;
  const sampled = isWanted ? await makeSample(workspace, table, listed) : null;
  const found: MissingColumn[] = [];
  for (const column of missing) {
    const profiles = sampled === null ? [] : await profilesAs(workspace, column, source.decimal, sampled);
    const byName = new Map(profiles.map((profile) => [profile.column, profile]));
    found.push({
      column: comparedName(column.header),
      feature: known.profiles.get(column.name) ?? null,
      unread: listed.map((name) => ({ column: name, profile: byName.get(name) ?? null })),
    });
  }
  return found;
}

/** Returns the error of missing columns with their likely new names, of their names and of their values. */
export async function withNewNames(
  workspace: Workspace,
  error: MissingColumnsError,
  known: KnownColumns,
): Promise<MissingColumnsError> {
  const { problems, table } = error;
  const { missing, unread } = problems;
  const described = await describeMissing(workspace, problems.source, { missing, unread, table }, known);
  const found = new Map(
    missing.map(({ name }, i) => {
      const { column = "", feature = null, unread: candidates = [] } = described[i] ?? {};
      const before = known.previous?.columns.find((one) => one.column === feature) ?? null;
      return [name, findRenamed(column, before, candidates)] as const;
    }),
  );
  return new MissingColumnsError(problems, null, found, known.previous?.week ?? "");
}

/** A column of the sample: its name in the file, and the SQL of its text. */
interface SampledColumn {
  readonly name: string;
  readonly sql: string;
}

/** Reads the first rows of columns of a file. Null: they cannot be read, so that only names are compared. */
async function makeSample(
  workspace: Workspace,
  { from, header }: FileTable,
  names: readonly string[],
): Promise<readonly SampledColumn[] | null> {
  // Names of a file may differ in case only, which DuckDB does not distinguish.
  const columns = names.map((name) => ({ name, sql: sqlName(fileColumn(header.indexOf(name))) }));
  try {
    await workspace.run(
      `create or replace temp table ${SAMPLE} as
       select ${columns.map(({ sql }) => `${sql}::varchar as ${sql}`).join(", ")}, row_number() over () as "~row"
       from (select * from ${from} limit ${MAX_ROWS})`,
    );
    return columns;
  } catch (error) {
    workspace.signal?.throwIfAborted();
    if (error instanceof IngestLimitError) throw error;
    return null;
  } finally {
    if (workspace.signal?.aborted !== true)
      for (const rejects of ["reject_errors", "reject_scans"]) await workspace.run(`drop table if exists ${rejects}`);
  }
}

/** Profiles columns as if each were a column of the mapping. */
async function profilesAs(
  workspace: Workspace,
  column: ColumnMapping,
  decimal: string,
  columns: readonly SampledColumn[],
): Promise<readonly ColumnProfile[]> {
  const isNumber = column.type === "number" || column.type === "integer";
  const profiled = columns.map(({ name, sql }) => {
    const bare = bareValue(column, sql);
    const value = isNumber ? `(${castValue(column, bare, decimal)})::double` : bare;
    return { name, value, type: isNumber ? ("number" as const) : ("category" as const) };
  });
  const { profiles } = await profileColumns(workspace, profiled, SAMPLE);
  return profiles;
}
