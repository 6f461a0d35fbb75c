import type { ColumnMapping } from "@bellwether/config/source-mapping";
import type { MatchedHeader } from "../files/match-header.ts";
import { sqlText } from "./quote-sql.ts";

/** Returns the raw columns that are not in a file: their values are in its path, or they are "not known". */
export function columnsOutside({ fromPath, absent }: MatchedHeader, columns: readonly ColumnMapping[]) {
  const value = ({ name, header }: ColumnMapping): string | null | undefined =>
    fromPath.has(name) ? (fromPath.get(name) ?? null) : absent.includes(header) ? null : undefined;
  return columns.flatMap((column) => {
    const text = value(column);
    if (text === undefined) return [];
    return [[column.name, { sql: `${text === null ? "null" : sqlText(text)}::varchar`, type: "VARCHAR" }] as const];
  });
}

/** Describes the columns that are not in a file, for people. */
export function outsideNotes({ absent, notes }: MatchedHeader, columns: readonly ColumnMapping[]): string[] {
  const forLabel = new Set(columns.filter((column) => column.isOnlyForLabel).map(({ header }) => header));
  const missing = absent.map(
    (header) => `it has no column "${header}", which ${forLabel.has(header) ? "only the label uses" : "is optional"}`,
  );
  return [...missing, ...notes];
}
