import type { Writable } from "node:stream";
import { cellFromText } from "@bellwether/contract/csv-cell";
import type { Supplier } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { writeText, writeWholeFile } from "../output/whole-file.ts";
import { masterDataCells, masterDataHeader } from "./supplier-text.ts";

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
  const kinds = await identifierKinds(options);
  return await writeWholeFile(target, (out) => writeRows(out, kinds, options));
}

async function identifierKinds({ readPages }: ExportOptions): Promise<readonly string[]> {
  const kinds = new Set<string>();
  for await (const page of readPages())
    for (const { identifiers } of page) for (const { kind } of identifiers) kinds.add(kind);
  return [...kinds].sort();
}

async function writeRows(
  out: Writable,
  kinds: readonly string[],
  { readPages, withWeekly }: ExportOptions,
): Promise<number> {
  let rows = 0;
  await writeText(out, `${masterDataHeader(kinds).join(",")}\n`);
  for await (const page of readPages()) {
    for (const { supplierId, identifiers } of page)
      for (const { kind } of identifiers)
        if (!kinds.includes(kind))
          throw new Error(
            `supplier ${JSON.stringify(supplierId)} got an identifier ${JSON.stringify(kind)} during the export; export again`,
          );
    const lines = page.map((supplier) => masterDataCells(supplier, kinds, withWeekly).map(cellFromText).join(","));
    await writeText(out, lines.map((line) => `${line}\n`).join(""));
    rows += page.length;
  }
  return rows;
}
