import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { type ErasedFiles, NOTHING_ERASED } from "../domain/erasure.ts";
import type { IngestRecord } from "../domain/ingest-record.ts";
import { writeWhole } from "./atomic-file.ts";
import { eraseInReport, eraseInSnapshot, eraseInTable, replaceBy } from "./erase-file.ts";

const TABLE = /^(?:report|scores-.+)\.csv$/;
const REPORTS = ["report.json", "ingest.json"] as const;

/**
 * Erases the texts about a supplier in the files of a week: its name and its contract text in the snapshot, its name in tables, and rejected
 * rows that quote it in reports. A week whose run is not complete waits, because the run still reads its files. A pass that was interrupted
 * can be repeated.
 */
export async function eraseInWeek(folder: string, supplierId: string, signal: AbortSignal): Promise<ErasedFiles> {
  const names = await readdir(folder).catch(ifMissing);
  if (names === null || names.length === 0) return NOTHING_ERASED;
  if (!(await isComplete(folder, names))) return { ...NOTHING_ERASED, waiting: [weekOf(folder)] };
  const found = await eraseSnapshot(folder, names, supplierId, signal);
  let reports = 0;
  for (const name of names.filter((one) => TABLE.test(one))) {
    const erased = await eraseInTable(path.join(folder, name), supplierId);
    if (erased === null) continue;
    await replaceBy(erased, path.join(folder, name));
    reports++;
  }
  for (const name of REPORTS.filter((one) => names.includes(one))) {
    const erased = await eraseInReport(path.join(folder, name), supplierId, found?.names ?? []);
    if (erased === null) continue;
    await writeWhole(path.join(folder, name), [erased]);
    reports++;
  }
  return { ...NOTHING_ERASED, snapshots: found === null ? 0 : 1, reports };
}

const weekOf = (folder: string): string => path.basename(folder);

/** Whether the report was written after the snapshot: the last stage of a run. A folder without a snapshot has nothing that a run reads. */
async function isComplete(folder: string, names: readonly string[]): Promise<boolean> {
  const [snapshot, report] = await Promise.all(
    ["snapshot.parquet", "report.json"].map((name) => stat(path.join(folder, name)).catch(ifMissing)),
  );
  if (!snapshot) return !names.some((name) => name.endsWith(".partial"));
  return report !== null && report !== undefined && report.mtimeMs >= snapshot.mtimeMs;
}

/**
 * Erases in the snapshot. The record of the ingest gets the digest of the changed file first, so that the file is known at every moment. The
 * time of the file stays: the retention and `isComplete` read it.
 */
async function eraseSnapshot(folder: string, names: readonly string[], supplierId: string, signal: AbortSignal) {
  if (!names.includes("snapshot.parquet")) return null;
  const file = path.join(folder, "snapshot.parquet");
  const before = await stat(file);
  const erased = await eraseInSnapshot(file, supplierId, signal);
  if (erased === null) return null;
  try {
    await utimes(erased.draft, before.atime, before.mtime);
    const now = await stat(file);
    // A run that began meanwhile has written another snapshot.
    if (now.ino !== before.ino || now.mtimeMs !== before.mtimeMs) throw new Error(`${file} was replaced by a run`);
    const record = path.join(folder, "ingest.json");
    if (names.includes("ingest.json")) {
      const ingested = JSON.parse(await readFile(record, "utf8")) as IngestRecord;
      const changed: IngestRecord = { ...ingested, ...(erased.digest && { erasedDigest: erased.digest }) };
      await writeWhole(record, [`${JSON.stringify(changed, null, 2)}\n`]);
    }
    await replaceBy(erased, file);
    return erased;
  } catch (error) {
    await rm(erased.draft, { force: true });
    throw error;
  }
}

const ifMissing = (error: NodeJS.ErrnoException): null => {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
};
