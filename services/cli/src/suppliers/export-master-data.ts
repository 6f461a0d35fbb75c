import type { Writable } from "node:stream";
import { cellFromText } from "@bellwether/contract/csv-cell";
import type { Supplier } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { writeText, writeWholeFile } from "../output/whole-file.ts";
import { type IdentifierColumns, masterDataCells, masterDataHeader } from "./supplier-text.ts";

export interface ExportOptions {
  /** Reads all suppliers, page by page. */
  readonly readPages: () => AsyncIterable<readonly Supplier[]>;
  /** Whether to write values of the weekly file too. */
  readonly withWeekly: boolean;
}

/**
 * Writes the master data of all suppliers as CSV. Returns the number of suppliers. Reads the suppliers twice: the first
 * time to find the kinds of identifiers, because each kind is a column.
 * @param target A path, or "-" for standard output. When the export fails, the file at the path does not change.
 */
export async function exportMasterData(target: string, options: ExportOptions): Promise<number> {
  const columns = await identifierColumns(options);
  return await writeWholeFile(target, (out) => writeRows(out, columns, options));
}

async function identifierColumns({ readPages }: ExportOptions): Promise<IdentifierColumns> {
  const kinds = new Set<string>();
  let hasShared = false;
  for await (const page of readPages())
    for (const { kind, shared } of page.flatMap(({ identifiers }) => identifiers)) {
      kinds.add(kind);
      hasShared ||= shared;
    }
  return { kinds: [...kinds].sort(), hasShared };
}

async function writeRows(
  out: Writable,
  columns: IdentifierColumns,
  { readPages, withWeekly }: ExportOptions,
): Promise<number> {
  let rows = 0;
  await writeText(out, `${masterDataHeader(columns).join(",")}\n`);
  for await (const page of readPages()) {
    for (const { supplierId, identifiers } of page)
      for (const { kind, shared } of identifiers)
        if (!columns.kinds.includes(kind) || (shared && !columns.hasShared))
          throw new Error(
            `supplier ${JSON.stringify(supplierId)} got an identifier ${JSON.stringify(kind)} during the export; export again`,
          );
    const lines = page.map((supplier) => masterDataCells(supplier, columns, withWeekly).map(cellFromText).join(","));
    await writeText(out, lines.map((line) => `${line}\n`).join(""));
    rows += page.length;
  }
  return rows;
}
