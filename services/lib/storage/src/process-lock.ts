import { randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";

/** Another living process of this machine holds the lock. */
export class ProcessLockedError extends Error {
  override readonly name = "ProcessLockedError" as const;
  readonly pid: number;

  constructor(file: string, pid: number) {
    super(`process ${pid} holds ${file}: wait for it or stop it`);
    this.pid = pid;
  }
}

/** Times that the lock of a dead process is taken over before its file counts as held by somebody just as fast. */
const TAKEOVERS = 2;

/**
 * Makes its caller the only holder of `file` on this machine until it is disposed. The lock of a killed process is taken over.
 * @throws ProcessLockedError while a living process, this one too, holds it
 */
export async function takeProcessLock(file: string): Promise<AsyncDisposable> {
  const draft = `${file}.${process.pid}.${randomUUID()}`;
  await writeFile(draft, ownMark(), { flag: "wx" });
  try {
    for (let takeovers = 0; ; ) {
      // A link and not a write: the lock never stands there without the name of its holder.
      if (await isLinked(draft, file)) return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
      const holder = await readFile(file, "utf8").catch(() => undefined);
      if (holder === undefined) continue;
      if (takeovers++ >= TAKEOVERS || isAlive(holder)) throw new ProcessLockedError(file, pidOf(holder));
      await rm(file, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** A holder as the file names it: its number and when it began. In a container a new process often has the number of the killed one. */
const ownMark = (): string => `${process.pid} ${performance.timeOrigin}`;

const pidOf = (mark: string): number => Number.parseInt(mark, 10) || 0;

/** False: there is a lock already. */
async function isLinked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function isAlive(mark: string): boolean {
  const pid = pidOf(mark);
  if (pid === 0) return false;
  if (pid === process.pid) return mark === ownMark();
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
