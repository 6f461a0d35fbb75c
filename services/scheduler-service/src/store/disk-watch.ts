import { rm, statfs } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { DiskError } from "../domain/scheduler-error.ts";
import { writeWhole } from "./atomic-file.ts";
import { diskErrorOf, onDisk } from "./disk-error.ts";
import { openReadable } from "./open-readable.ts";

export interface DiskWatchOptions {
  /** Folder for snapshots and reports: must be writable. */
  readonly weeksFolder: string;
  /** Folder of the weekly files: must be readable where it is there. */
  readonly inputFolder: string;
  /** Time between two looks, milliseconds. */
  readonly everyMs: number;
  /** Told why the folders cannot be used; null: they can. */
  readonly report: (reason: string | null) => void;
}

/** Watches the folders of the weekly run. */
export interface DiskWatch extends AsyncDisposable {
  /** Takes up how an attempt at a run ended: the disk's error that stopped it, or null. */
  noteRun(error: DiskError | null): void;
}

const PROBE_BYTES = 65_536;
/** A run that found the disk full is not mended by a few free bytes. */
const FREE_BYTES = 64 * 2 ** 20;
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** Writes a small file to the weeks' folder and opens the input folder again and again, and remembers what stopped the last run. */
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

async function findError(weeksFolder: string, inputFolder: string): Promise<DiskError | null> {
  const probe = path.join(weeksFolder, ".probe");
  try {
    await onDisk(weeksFolder, writeWhole(probe, ["0".repeat(PROBE_BYTES)]));
    await onDisk(weeksFolder, rm(probe, { force: true }));
    await onDisk(inputFolder, openReadable(inputFolder));
    return null;
  } catch (error) {
    // Others, such as an input folder that is not there, are reported by the run that needs it.
    return diskErrorOf(error, weeksFolder);
  }
}

const hasFreeSpace = (folder: string): Promise<boolean> =>
  statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize >= FREE_BYTES,
    () => false,
  );
