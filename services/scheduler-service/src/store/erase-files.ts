import { readdir } from "node:fs/promises";
import path from "node:path";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { addErased, type ErasedFiles, NOTHING_ERASED } from "../domain/erasure.ts";
import { eraseInCopies } from "./erase-copies.ts";
import { eraseInWeek } from "./erase-week.ts";

const WEEK = /^\d{4}-W\d{2}$/;

/** Erases the texts about a supplier in the files of all weeks of all models, and in their copies. @param openResults null: there are no copies */
export async function eraseInFiles(
  weeksFolder: string,
  openResults: (() => Promise<ObjectStore>) | null,
  supplierId: string,
  signal: AbortSignal,
): Promise<ErasedFiles> {
  let erased = NOTHING_ERASED;
  for (const model of await foldersIn(weeksFolder))
    for (const week of await foldersIn(path.join(weeksFolder, model))) {
      if (!WEEK.test(week)) continue;
      signal.throwIfAborted();
      erased = addErased(erased, await eraseInWeek(path.join(weeksFolder, model, week), supplierId, signal));
    }
  if (openResults === null) return erased;
  await using results = await openResults();
  return addErased(erased, {
    ...NOTHING_ERASED,
    copies: await eraseInCopies(results, weeksFolder, supplierId, signal),
  });
}

/** Returns the names of the folders in a folder, in their order. Names with a dot are of work in progress. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries.flatMap((entry) => (entry.isDirectory() && !entry.name.startsWith(".") ? [entry.name] : [])).sort();
}
