import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ProcessLockedError, takeProcessLock } from "@bellwether/files/process-lock";
import { RegistryBusyError } from "../registry-error.ts";

/**
 * Maximum time that a writer waits for the lock. A write takes a few milliseconds, and tens of milliseconds
 * on a slow disk, so that several writers may wait one after another.
 */
const WAIT_MS = 1_500;
const LOOK_MS = 5;

/**
 * Runs `work` as the folder's only writer. The lock of a killed process is released.
 * @throws RegistryBusyError when another living process holds the lock for 1.5 s
 */
export async function withWriteLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await using _lock = await waitForLock(path.join(folder, ".write.lock"));
  return await work();
}

async function waitForLock(file: string): Promise<AsyncDisposable> {
  for (const end = performance.now() + WAIT_MS; ; ) {
    try {
      return await takeProcessLock(file);
    } catch (error) {
      if (!(error instanceof ProcessLockedError)) throw error;
      if (performance.now() > end) {
        const holder = error.pid === null ? "another process" : `process ${error.pid}`;
        throw new RegistryBusyError(`${file} is held by ${holder}`);
      }
    }
    await pause(LOOK_MS * (1 + Math.random()));
  }
}
