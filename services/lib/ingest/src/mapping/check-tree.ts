import { nearestName } from "@bellwether/contract/nearest-name";
import { ALLOWED_FUNCTIONS, ALLOWED_TABLE_FUNCTIONS, alternativeTo, VALUE_FUNCTIONS } from "./allowed-functions.ts";

/** What a statement of the mapping may refer to. */
export interface StatementScope {
  /** Names of the tables that exist for it: sources, `snapshots` and earlier steps. */
  readonly tables: ReadonlySet<string>;
}

/** The first part of a statement that is not allowed. */
export interface TreeViolation {
  readonly problem: string;
  /** Position in the statement, in bytes of UTF-8; null when DuckDB does not give one. */
  readonly position: number | null;
}

/** Classes of expressions of DuckDB's parser. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "FUNCTION",
  "LAMBDA",
  "OPERATOR",
  "POSITIONAL_REFERENCE",
  "STAR",
  "SUBQUERY",
  "WINDOW",
]);

/** Kinds of statements, tables, modifiers and sort orders of DuckDB's parser. */
const KINDS: ReadonlySet<string> = new Set([
  "SELECT_NODE",
  "SET_OPERATION_NODE",
  "RECURSIVE_CTE_NODE",
  "CTE_NODE",
  "BASE_TABLE",
  "EMPTY",
  "EXPRESSION_LIST",
  "JOIN",
  "PIVOT",
  "SUBQUERY",
  "TABLE_FUNCTION",
  "ORDER_MODIFIER",
  "LIMIT_MODIFIER",
  "LIMIT_PERCENT_MODIFIER",
  "DISTINCT_MODIFIER",
  "ORDER_DEFAULT",
  "ASCENDING",
  "DESCENDING",
]);

/** Texts for kinds that people write by intention. */
const KIND_TEXTS: Readonly<Record<string, string>> = {
  PARAMETER: "a parameter; parameters such as $1 are not filled in",
  SHOW_REF: "DESCRIBE, SHOW or SUMMARIZE, which returns the state of the database; select the columns that you need",
  DEFAULT: "DEFAULT, which only an INSERT has",
};

class Violation extends Error {
  readonly position: number | null;

  constructor(problem: string, position: number | null) {
    super(problem);
    this.position = position;
  }
}

/** A part of DuckDB's parse tree. */
export type Tree = Readonly<Record<string, unknown>>;

/** Whether a part of a parse tree has parts with names. */
export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Where a part of the tree stands: tables that it sees, and whether DuckDB resolves column names as calls there. */
interface Place {
  readonly tables: ReadonlySet<string>;
  readonly inArguments: boolean;
}

/**
 * Returns the first part of a parsed statement that a mapping may not have: a kind of statement, table or
 * expression, a function, or a table that is not in `scope`. Null when everything is allowed.
 * @param tree one statement of the result of DuckDB's `json_serialize_sql`
 */
export function findTreeViolation(tree: unknown, scope: StatementScope): TreeViolation | null {
  try {
    walk(tree, { tables: lowerCase(scope.tables), inArguments: false });
    return null;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { problem: error.message, position: error.position };
  }
}

const lowerCase = (names: Iterable<string>): Set<string> => new Set([...names].map((name) => name.toLowerCase()));

function walk(value: unknown, place: Place): void {
  if (Array.isArray(value)) for (const item of value) walk(item, place);
  else if (isTree(value)) walkTree(value, place);
}

function walkTree(tree: Tree, place: Place): void {
  if (typeof tree.class === "string") {
    walkExpression(tree, place);
    return;
  }
  if (typeof tree.type === "string" && !KINDS.has(tree.type))
    throw new Violation(
      `it has ${KIND_TEXTS[tree.type] ?? `${kindText(tree.type)}, which is not allowed`}`,
      positionOf(tree),
    );
  if (isTree(tree.sample))
    throw new Violation("a sample returns different rows in every run; use a condition on a column", positionOf(tree));
  if (tree.type === "BASE_TABLE") checkTable(tree, place);
  if (tree.type === "TABLE_FUNCTION") {
    walkTableFunction(tree, place);
    return;
  }
  const inside = isTree(tree.cte_map) ? walkTables(tree.cte_map, place) : place;
  if (tree.type === "RECURSIVE_CTE_NODE" || tree.type === "CTE_NODE") {
    // The first part defines the table, the other parts read it.
    const first = tree.type === "CTE_NODE" ? "query" : "left";
    walk(tree[first], inside);
    walkChildren(tree, withTable(inside, textOf(tree.cte_name)), ["cte_map", first]);
    return;
  }
  walkChildren(tree, inside, ["cte_map"]);
}

/** Parts of an expression that hold a type or a value, and no expression that is evaluated. */
const LEAVES: ReadonlySet<string> = new Set(["value", "cast_type"]);

function walkChildren(tree: Tree, place: Place, without: readonly string[] = []): void {
  for (const [key, child] of Object.entries(tree)) if (!without.includes(key)) walk(child, place);
}

/** Checks the tables of WITH, each with those before it; returns the place that sees all of them. */
function walkTables({ map }: Tree, place: Place): Place {
  if (!Array.isArray(map)) return place;
  let seen = place;
  for (const entry of map) {
    if (!isTree(entry)) continue;
    walk(entry.value, seen);
    seen = withTable(seen, textOf(entry.key));
  }
  return seen;
}

const withTable = (place: Place, name: string): Place => ({
  ...place,
  tables: new Set([...place.tables, name.toLowerCase()]),
});

function checkTable(tree: Tree, { tables }: Place): void {
  const name = textOf(tree.table_name);
  const qualified = [tree.catalog_name, tree.schema_name].map(textOf).filter((part) => part !== "");
  if (qualified.length > 0)
    throw new Violation(
      `${[...qualified, name].join(".")} is a table of the system; a mapping may read only its declared sources and steps`,
      positionOf(tree),
    );
  if (tables.has(name.toLowerCase())) return;
  if (/[./\\:*]/.test(name))
    throw new Violation(
      `it reads the file ${JSON.stringify(name)}, and a mapping may read only its declared sources; declare the file under sources`,
      positionOf(tree),
    );
  const nearest = nearestName(name, tables);
  const known = [...tables].join(", ") || "none";
  throw new Violation(
    `it has no table "${name}"; ${nearest ? `the nearest is "${nearest}"` : `its tables are ${known}`}`,
    positionOf(tree),
  );
}

function walkTableFunction(tree: Tree, place: Place): void {
  const call = isTree(tree.function) ? tree.function : tree;
  const name = textOf(call.function_name).toLowerCase();
  if (!ALLOWED_TABLE_FUNCTIONS.has(name))
    throw functionViolation(name, positionOf(call) ?? positionOf(tree), ALLOWED_TABLE_FUNCTIONS);
  walkChildren(tree, { ...place, inArguments: true });
}

function walkExpression(tree: Tree, place: Place): void {
  const kind = textOf(tree.class);
  if (!EXPRESSIONS.has(kind))
    throw new Violation(`it has ${KIND_TEXTS[kind] ?? `${kindText(kind)}, which is not allowed`}`, positionOf(tree));
  if (kind === "FUNCTION" || kind === "WINDOW") checkFunction(tree);
  if (kind === "COLUMN_REF") checkColumn(tree, place);
  const inner = kind === "STAR" ? { ...place, inArguments: true } : place;
  for (const [key, child] of Object.entries(tree)) if (!LEAVES.has(key)) walk(child, inner);
}

function checkFunction(tree: Tree): void {
  const name = textOf(tree.function_name).toLowerCase();
  // With one argument, age() counts from the current date.
  const isCurrentAge = name === "age" && Array.isArray(tree.children) && tree.children.length < 2;
  if (!ALLOWED_FUNCTIONS.has(name) || isCurrentAge) throw functionViolation(name, positionOf(tree), ALLOWED_FUNCTIONS);
}

/** A name without parentheses is a call when no column has it, and the tree does not show which of the two it is. */
function checkColumn(tree: Tree, { inArguments }: Place): void {
  const names = Array.isArray(tree.column_names) ? tree.column_names.map((name) => textOf(name).toLowerCase()) : [];
  const last = names.at(-1) ?? "";
  if (!VALUE_FUNCTIONS.has(last)) return;
  if (names.length > 1 && names[0] !== "alias" && !inArguments) return;
  const { why, instead } = alternativeTo(last) ?? { why: "reads the state of the system", instead: "use a column" };
  throw new Violation(`${last} ${why}; ${instead}, or write table.${last} for a column of this name`, positionOf(tree));
}

function functionViolation(name: string, position: number | null, allowed: ReadonlySet<string>): Violation {
  const shown = name.slice(0, 80);
  const known = alternativeTo(name);
  if (known !== null) return new Violation(`${shown}() ${known.why}; ${known.instead}`, position);
  const nearest = nearestName(name, allowed);
  return new Violation(
    `${shown}() is not among the functions that a mapping may use${nearest ? `; the nearest is ${nearest}()` : ""}; docs/mapping.md lists them`,
    position,
  );
}

const kindText = (kind: string): string => kind.toLowerCase().replaceAll("_", " ").slice(0, 40);

/**
 * Returns the position of a part of the tree. In DuckDB's output, the largest 64-bit number means that the position
 * is not known.
 */
export function positionOf({ query_location: position }: Tree): number | null {
  return typeof position === "number" && Number.isSafeInteger(position) ? position : null;
}
