import { rm, statfs } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { DiskError } from "../domain/scheduler-error.ts";
import { writeWhole } from "./atomic-file.ts";
import { diskErrorOf, onDisk } from "./disk-error.ts";
import { openReadable } from "./open-readable.ts";

export interface DiskWatchOptions {
  /** Folder for snapshots and reports. Must be writable. */
  readonly weeksFolder: string;
  /** Folder of the weekly files. Must be readable if it exists. Null: they are in an object store. */
  readonly inputFolder: string | null;
  /** Interval of the checks, milliseconds. */
  readonly everyMs: number;
  /** Called with the reason why a folder cannot be used, or with null when all can. */
  readonly report: (reason: string | null) => void;
}

/** Checks the folders of the weekly run. */
export interface DiskWatch extends AsyncDisposable {
  /** Records the end of an attempt at a run: the disk error that stopped it, or null. */
  noteRun(error: DiskError | null): void;
}

const PROBE_BYTES = 65_536;
/**
 * Number of free bytes that are needed after a run found the disk full. A few free bytes would not be enough
 * for the next attempt.
 */
const FREE_BYTES = 64 * 2 ** 20;
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * Writes a small file to the weeks' folder and opens the input folder, at intervals. Also remembers the disk
 * error of the last run.
 */
export function watchDisk({ weeksFolder, inputFolder, everyMs, report }: DiskWatchOptions): DiskWatch {
  const stopping = new AbortController();
  let ofRun: DiskError | null = null;
  let ofFolders: DiskError | null = null;
  const send = (): void => {
    if (!stopping.signal.aborted) report((ofFolders ?? ofRun)?.message ?? null);
  };
  const look = async (): Promise<void> => {
    ofFolders = await findError(weeksFolder, inputFolder);
    if (ofFolders === null && ofRun !== null && (!FULL.has(ofRun.code) || (await hasFreeSpace(weeksFolder))))
      ofRun = null;
    send();
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look();
      await pause(everyMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  };
  const watching = watch();
  return {
    noteRun(error) {
      ofRun = error;
      send();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
    },
  };
}

async function findError(weeksFolder: string, inputFolder: string | null): Promise<DiskError | null> {
  const probe = path.join(weeksFolder, ".probe");
  try {
    await onDisk(weeksFolder, writeWhole(probe, ["0".repeat(PROBE_BYTES)]));
    await onDisk(weeksFolder, rm(probe, { force: true }));
    if (inputFolder !== null) await onDisk(inputFolder, openReadable(inputFolder));
    return null;
  } catch (error) {
    // The run reports other errors when it needs the folder, for example a missing input folder.
    return diskErrorOf(error, weeksFolder);
  }
}

const hasFreeSpace = (folder: string): Promise<boolean> =>
  statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize >= FREE_BYTES,
    () => false,
  );
