import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Supplier } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { cellFromText } from "./csv-cell.ts";
import { masterDataCells, masterDataHeader } from "./supplier-text.ts";

export interface ExportOptions {
  /** Reads all suppliers, page by page. */
  readonly readPages: () => AsyncIterable<readonly Supplier[]>;
  /** Whether to write values of the weekly file too. */
  readonly withWeekly: boolean;
}

/**
 * Writes the master data of all suppliers as CSV. The suppliers are read twice: first for the kinds of identifiers,
 * which are columns. Returns the number of suppliers.
 * @param target A path: the file is complete or does not change. "-": standard output.
 */
export async function exportMasterData(target: string, options: ExportOptions): Promise<number> {
  const kinds = await identifierKinds(options);
  if (target === "-") return await writeRows(process.stdout, kinds, options);
  const draft = `${target}.draft-${process.pid}`;
  try {
    const file = createWriteStream(draft, { flags: "wx" });
    const rows = await writeRows(file, kinds, options);
    file.end();
    await finished(file);
    await rename(draft, target);
    return rows;
  } finally {
    await rm(draft, { force: true });
  }
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
  await write(out, `${masterDataHeader(kinds).join(",")}\n`);
  for await (const page of readPages()) {
    for (const { supplierId, identifiers } of page)
      for (const { kind } of identifiers)
        if (!kinds.includes(kind))
          throw new Error(
            `supplier ${JSON.stringify(supplierId)} got an identifier ${JSON.stringify(kind)} during the export; export again`,
          );
    const lines = page.map((supplier) => masterDataCells(supplier, kinds, withWeekly).map(cellFromText).join(","));
    await write(out, lines.map((line) => `${line}\n`).join(""));
    rows += page.length;
  }
  return rows;
}

function write(out: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
