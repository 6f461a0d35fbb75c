import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { eraseFromReport } from "@bellwether/contract/erasure/erase-from-report";
import { createNameEraser } from "@bellwether/contract/erasure/name-eraser";
import { isOrdinary } from "@bellwether/contract/erasure/ordinary-words";
import { syncFolder, writeSynced } from "@bellwether/files/durable-write";
import { eraseNames } from "../domain/erase-names.ts";

/** A changed copy of a file, beside it. */
export interface ErasedCopy {
  readonly draft: string;
  /** Names that were erased, to find them in other files of the week. */
  readonly names: readonly string[];
  /** SHA-256 of the copy, lower-case hex. Only for snapshots. */
  readonly digest?: string;
}

/** Name of a changed copy. A killed process leaves it, and the next start of the scheduler removes it as a draft. */
const draftBeside = (file: string): string => path.join(path.dirname(file), `.erased.${randomUUID()}.partial`);

/** Writes a copy of a snapshot without the texts about a supplier. Null: there are none. */
export async function eraseInSnapshot(
  file: string,
  supplierId: string,
  signal: AbortSignal,
): Promise<ErasedCopy | null> {
  // Loads DuckDB with the first erasure.
  const { eraseSnapshotTexts } = await import("@bellwether/ingest/snapshot/erase-snapshot-texts");
  const draft = draftBeside(file);
  const erased = await eraseSnapshotTexts({ parquet: file, out: draft, supplierId, signal });
  return erased && { draft, names: erased.names, digest: erased.digest };
}

/** Writes a copy of a table of scores without the name of a supplier. Null: there is none. */
export async function eraseInTable(file: string, supplierId: string): Promise<ErasedCopy | null> {
  const draft = draftBeside(file);
  let rows = 0;
  const chunks = createReadStream(file, { encoding: "utf8", highWaterMark: 1 << 20 });
  try {
    await writeSynced(
      draft,
      eraseNames(chunks, supplierId, () => rows++),
    );
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  if (rows > 0) return { draft, names: [] };
  await rm(draft, { force: true });
  return null;
}

/** Returns the JSON of a report without the texts about a supplier. Null: there are none. @param names of the supplier, as far as known */
export async function eraseInReport(
  file: string,
  supplierId: string,
  names: readonly string[],
): Promise<string | null> {
  const before = JSON.stringify(JSON.parse(await readFile(file, "utf8")));
  const erasers = names.filter((name) => !isOrdinary(name)).flatMap((name) => createNameEraser(name) ?? []);
  const text = eraseFromReport(before, supplierId, erasers);
  return text === null ? null : `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
}

/** Puts a changed copy in the place of its file. */
export async function replaceBy({ draft }: ErasedCopy, file: string): Promise<void> {
  await rename(draft, file);
  await syncFolder(path.dirname(file));
}
