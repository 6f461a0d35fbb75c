import { knownNames } from "@bellwether/contract/nearest-name";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import { columnReferences, tableNames } from "./tree-names.ts";

/** DuckDB's errors of a name that a statement uses and that is neither a column nor a table there. */
const NO_COLUMN =
  /^Binder Error: (?:Referenced column "(?<name>.+)" not found in FROM clause|[\w ]+ ".+" does not have a column named "(?<of>.+)")/s;
const NO_TABLE = /^Binder Error: Referenced table "(.+)" not found/s;
/** DuckDB's own list of similar names. Only this list has the columns of a subquery. */
const CANDIDATES = /^Candidate (?:bindings|tables): (.+)$/m;

/** DuckDB's error of a type that does not exist. */
const NO_TYPE = /^Catalog Error: Type with name (.+?) does not exist/;
/** Types that a mapping uses. */
const TYPES = ["bigint", "boolean", "date", "decimal", "double", "integer", "text", "time", "timestamp", "varchar"];

/** Returns what is wrong with a statement that uses an unknown type; null when the error has another cause. */
export function findUnknownType(error: unknown, sql: string): UnknownName | null {
  const [, name] = NO_TYPE.exec(error instanceof Error ? error.message : "") ?? [];
  if (name === undefined) return null;
  const at = new RegExp(`\\b${RegExp.escape(name)}\\b`, "i").exec(sql)?.index;
  return {
    problem: `it has an unknown type "${name}"; ${knownNames(name, TYPES)}`,
    position: at === undefined ? null : Buffer.byteLength(sql.slice(0, at)),
  };
}

/** A name that does not exist in a statement. */
export interface UnknownName {
  /** What is wrong, with the names that exist, the most similar ones first. */
  readonly problem: string;
  /** Position of the name in the statement, in bytes of UTF-8; null when it is not found. */
  readonly position: number | null;
}

/**
 * Returns what is wrong with a statement that uses an unknown column or table; null when the error has another cause.
 * @param error of DuckDB, when it planned the statement
 * @param tree parse tree of the statement
 * @param from table expression whose columns the statement may use; null: only tables that the tree names
 */
export async function findUnknownName(
  workspace: Workspace,
  error: unknown,
  tree: unknown,
  from: string | null,
): Promise<UnknownName | null> {
  const text = error instanceof Error ? error.message : "";
  const [, table] = NO_TABLE.exec(text) ?? [];
  const { name: column, of } = NO_COLUMN.exec(text)?.groups ?? {};
  const name = table ?? column ?? of;
  if (name === undefined) return null;
  const similar = [...(CANDIDATES.exec(text)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, one = ""]) => one);
  const names = table === undefined ? [...(await columnsOf(workspace, tree, from)), ...similar] : similar;
  // Names with this character are marks of this package.
  const known = [...new Set(names)].filter((one) => !one.startsWith("~"));
  const isIt = ({ parts }: { readonly parts: readonly string[] }): boolean =>
    (table === undefined ? parts.at(-1) : parts[0]) === name;
  return {
    problem: `it has no ${table === undefined ? "column" : "table"} ${JSON.stringify(shownName(name))}; ${knownNames(name, known)}`,
    position: columnReferences(tree).find(isIt)?.position ?? null,
  };
}

/** Longest name that a message shows whole, in characters. */
const MAX_SHOWN = 80;

const shownName = (name: string): string => (name.length <= MAX_SHOWN ? name : `${name.slice(0, MAX_SHOWN)}…`);

/** Returns the columns of a table expression and of the mapping's tables that a statement reads. */
async function columnsOf(workspace: Workspace, tree: unknown, from: string | null): Promise<string[]> {
  const known = new Map([...workspace.tables].map((table) => [table.toLowerCase(), table]));
  const tables = tableNames(tree).flatMap((name) => known.get(name.toLowerCase()) ?? []);
  const names: string[] = [];
  for (const table of [...(from === null ? [] : [from]), ...tables.map(sqlName)])
    for (const [name] of await workspace.rows(`select column_name from (describe select * from ${table})`))
      names.push(String(name));
  return names;
}
