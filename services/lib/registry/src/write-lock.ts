import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { RegistryBusyError } from "./registry-error.ts";

/** Who holds a lock, as its file says it: the number of a process and when it began; two of one number began at different times. */
const ownMark = (): string => `${process.pid} ${performance.timeOrigin}`;

const isAlive = (mark: string): boolean => {
  const pid = Number.parseInt(mark, 10);
  // In a container a new process often has the number of the one that was killed.
  if (pid === process.pid) return mark === ownMark();
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** A write takes milliseconds: who holds the lock for longer hangs. */
const WAIT_MS = 1_000;
const LOOK_MS = 5;

/**
 * Runs `work` as the folder's only writer on this machine. A lock left by a killed process is taken over.
 * @throws RegistryBusyError when somebody who lives holds it for a second
 */
export async function withWriteLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = path.join(folder, ".write.lock");
  const end = performance.now() + WAIT_MS;
  while (!(await tryLock(lock))) {
    const holder = await readFile(lock, "utf8").catch(() => undefined);
    if (holder === undefined) continue;
    // An empty lock is one that its holder is just writing, or was killed over.
    const isHeld = holder === "" ? performance.now() <= end : isAlive(holder);
    if (!isHeld) await rm(lock, { force: true });
    else if (performance.now() > end) throw new RegistryBusyError(lock, Number.parseInt(holder, 10));
    else await pause(LOOK_MS + Math.random() * LOOK_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** False: it exists. */
async function tryLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, ownMark(), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}
