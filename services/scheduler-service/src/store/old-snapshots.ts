import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { KeptSnapshots, OldSnapshot } from "../domain/old-snapshots.ts";

const WEEK = /^\d{4}-W\d{2}$/;
const SNAPSHOT = "snapshot.parquet";
/** Name of a file that is being written: see `replaceFile` and the snapshots of ingest. */
const DRAFT = /^\..+\.partial$/;
/** Age after which a draft is of a killed process, and before which a snapshot is of a run in progress, ms. */
const OLD_MS = 24 * 3_600_000;

/**
 * Finds the snapshots of a model that are older than the retention. A snapshot that was written within a day is in use: an old week can
 * be run again.
 */
export async function findOldSnapshots(root: string, kept: KeptSnapshots, nowMs: number): Promise<OldSnapshot[]> {
  const old: OldSnapshot[] = [];
  for (const week of (await namesIn(path.join(root, kept.modelName))).sort()) {
    if (!WEEK.test(week) || week >= kept.oldestWeek) continue;
    const found = await stat(path.join(root, kept.modelName, week, SNAPSHOT)).catch(ifMissing);
    if (found?.isFile() && nowMs - found.mtimeMs > OLD_MS) old.push({ week, bytes: found.size });
  }
  return old;
}

/** Removes snapshots of a model. One that is gone already is no error. */
export async function removeSnapshots(root: string, modelName: string, old: readonly OldSnapshot[]): Promise<void> {
  for (const { week } of old) await rm(path.join(root, modelName, week, SNAPSHOT), { force: true });
}

/** Removes the drafts that killed processes have left in the folders of the weeks. Returns their number. */
export async function sweepDrafts(root: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (const model of await namesIn(root))
    for (const week of await namesIn(path.join(root, model))) {
      if (!WEEK.test(week)) continue;
      for (const name of await namesIn(path.join(root, model, week))) {
        if (!DRAFT.test(name)) continue;
        const draft = path.join(root, model, week, name);
        const found = await stat(draft).catch(ifMissing);
        if (!found?.isFile() || nowMs - found.mtimeMs <= OLD_MS) continue;
        await rm(draft, { force: true });
        removed++;
      }
    }
  return removed;
}

const ifMissing = (error: NodeJS.ErrnoException): null => {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
};

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch((error) => ifMissing(error) ?? []);
