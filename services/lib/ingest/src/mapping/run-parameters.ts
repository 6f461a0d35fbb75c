import type { FeatureMapping, RowsMapping } from "@bellwether/config/feature-mapping";
import { sqlText } from "../duckdb/quote-sql.ts";

/** The week of a run. */
export interface RunDate {
  /** ISO week, for example "2026-W47": the parameter $week. */
  readonly week: string;
  /** The Sunday on which the week ends, ISO date: the parameter $as_of. */
  readonly asOf: string;
}

/** Comments, texts, quoted names and texts in dollars, in which a parameter has no meaning; then the parameters. */
const TOKENS =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|\$(?<parameter>as_of|week)\b/g;

/**
 * Returns an SQL text with the values of $as_of (a date) and $week (a text). A training run has no week: both are
 * null there.
 */
export function withParameters(sql: string, run: RunDate | null): string {
  return sql.replaceAll(TOKENS, (token, _tag, ...rest) => {
    const { parameter } = rest.at(-1) as { readonly parameter?: "as_of" | "week" };
    if (parameter === undefined) return token;
    const [value, type] = parameter === "as_of" ? [run?.asOf, "date"] : [run?.week, "varchar"];
    return `cast(${value === undefined ? "null" : sqlText(value)} as ${type})`;
  });
}

/** Returns a mapping with the values of the parameters in all its SQL texts. */
export function mappingOfRun(mapping: FeatureMapping, run: RunDate | null): FeatureMapping {
  const sql = (text: string): string => withParameters(text, run);
  const { weekly } = mapping;
  return {
    ...mapping,
    steps: mapping.steps.map((step) => ({ ...step, sql: sql(step.sql) })),
    rows: rowsOfRun(mapping.rows, sql),
    label: maybe(mapping.label, sql),
    weekly:
      weekly === null
        ? null
        : weekly.form === "flat"
          ? { ...weekly, rows: rowsOfRun(weekly.rows, sql) }
          : { ...weekly, snapshot: maybe(weekly.snapshot, sql) },
  };
}

const maybe = (text: string | null, sql: (text: string) => string): string | null => (text === null ? null : sql(text));

function rowsOfRun(rows: RowsMapping, sql: (text: string) => string): RowsMapping {
  const { displayName, region, category, exposure, owner } = rows.attributes;
  return {
    ...rows,
    supplierId: sql(rows.supplierId),
    asOf: maybe(rows.asOf, sql),
    features: Object.fromEntries(Object.entries(rows.features).map(([name, text]) => [name, sql(text)])),
    text: maybe(rows.text, sql),
    attributes: {
      displayName: maybe(displayName, sql),
      region: maybe(region, sql),
      category: maybe(category, sql),
      exposure: maybe(exposure, sql),
      owner: maybe(owner, sql),
    },
  };
}
