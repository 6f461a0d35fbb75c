import type { RowsMapping } from "@bellwether/config/feature-mapping";
import type { SourceReport } from "../sources/load-source.ts";
import type { CleanedIds } from "./map-rows.ts";

/**
 * Returns the name of the source columns that hold supplier ids: the column that `rows.supplier_id` names.
 * Its values are cleaned while a source is read, so that the mapping's SQL can join them. Null when
 * `rows.supplier_id` is an expression.
 */
export function idColumnOf(rows: RowsMapping): string | null {
  return /^(?:\w+\.)?([a-z_]\w*)$/i.exec(rows.supplierId.trim())?.[1] ?? null;
}

/** Adds the ids cleaned after the mapping's SQL to those cleaned while the sources were read. */
export function addCleaned(mapped: CleanedIds, sources: readonly SourceReport[]): CleanedIds {
  return { ...mapped, rows: sources.reduce((sum, { cleanedIds }) => sum + cleanedIds, mapped.rows) };
}
