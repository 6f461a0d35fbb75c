import type { ColumnMapping, SourceMapping } from "@bellwether/config/source-mapping";
import { findRenamed, type RenamedColumn } from "@bellwether/plausibility/find-renamed";
import { SourceError } from "../ingest-errors.ts";
import { comparedName } from "./compared-name.ts";

/** A table expression of a file, whose columns have the names of `fileColumn`. */
export interface FileTable {
  /** SQL table expression. */
  readonly from: string;
  /** Names of the columns of the file, in its order, as `comparedName` returns them. */
  readonly header: readonly string[];
}

/** What is wrong with the columns of a file. */
export interface ColumnProblems {
  readonly source: Pick<SourceMapping, "name" | "columns" | "decimal">;
  /** Name of the file, for messages. */
  readonly file: string;
  /** Columns that the mapping needs and the file does not have. */
  readonly missing: readonly ColumnMapping[];
  /** Columns of the file that the mapping does not read. */
  readonly unread: readonly string[];
  /** Other problems, one clause each. */
  readonly others: readonly string[];
}

/** Likely new names of missing columns, by the name of the column in the mapping. */
export type NewNames = ReadonlyMap<string, RenamedColumn | null>;

/** A file lacks columns that the mapping needs, or has one of them twice. */
export class MissingColumnsError extends SourceError {
  readonly problems: ColumnProblems;
  /** The columns of the file, to look at their values. Null: it cannot be read. */
  readonly table: FileTable | null;

  /** @param found likely new names, of the names alone when left out */
  constructor(problems: ColumnProblems, table: FileTable | null, found?: NewNames, week = "") {
    super(problems.source.name, problems.file, problemOf(problems, found ?? namedAlike(problems), week));
    this.problems = problems;
    this.table = table;
  }
}

/** Finds the likely new names of missing columns by their names alone. */
function namedAlike({ missing, unread }: ColumnProblems): NewNames {
  const candidates = unread.map((column) => ({ column, profile: null }));
  return new Map(missing.map(({ name, header }) => [name, findRenamed(comparedName(header), null, candidates)]));
}

/** Maximum number of columns of a file that one message lists. */
const MAX_LISTED = 20;

function problemOf({ source, missing, unread, others }: ColumnProblems, found: NewNames, week: string): string {
  const problems = [...others, ...missing.map((column) => missingText(column, found.get(column.name) ?? null, week))];
  if (missing.length === source.columns.length && unread.length > 0) {
    const more = unread.length > MAX_LISTED ? `, and ${unread.length - MAX_LISTED} more` : "";
    problems.push(
      `none of the columns of the mapping; its columns are ${unread.slice(0, MAX_LISTED).join(", ")}${more}`,
    );
  }
  return `it has ${problems.join(", ")}`;
}

function missingText({ name, header, type }: ColumnMapping, found: RenamedColumn | null, week: string): string {
  if (found === null) return `no column "${header}"${type === "date" || type === "timestamp" ? noDateText(name) : ""}`;
  const { to, byName, byDistribution } = found;
  const why = [
    ...(byName ? ["whose name is similar"] : []),
    ...(byDistribution ? [`whose values are distributed like those of "${header}" in ${week}`] : []),
  ].join(" and ");
  return `no column "${header}"; it has "${to}", ${why}: if it means the same, map it with ${name}: { header: ${yamlText(to)}, … }`;
}

/** Weekly files often lack the date that the rows of the training file have. */
const noDateText = (name: string): string =>
  ` (a weekly file without the date of its rows needs ${name}: { optional: true, … } and as_of: coalesce(${name}, $as_of) in the mapping)`;

function yamlText(text: string): string {
  return /^[\p{L}_][\p{L}\p{N}_ ]*$/u.test(text) ? text : JSON.stringify(text);
}
