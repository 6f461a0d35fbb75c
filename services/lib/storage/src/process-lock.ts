import { readFile, rm, writeFile } from "node:fs/promises";

/** Another living process of this machine holds the lock. */
export class ProcessLockedError extends Error {
  override readonly name = "ProcessLockedError" as const;
  readonly pid: number;

  constructor(file: string, pid: number) {
    super(`process ${pid} holds ${file}: wait for it or stop it; if it is another program, remove the file`);
    this.pid = pid;
  }
}

/** Times that the lock of a dead process is taken over before its file counts as held by somebody just as fast. */
const TAKEOVERS = 2;

/**
 * Makes this process the only holder of `file` on this machine until it is disposed. The lock of a killed process is taken over.
 * @throws ProcessLockedError while a living process holds it
 */
export async function takeProcessLock(file: string): Promise<AsyncDisposable> {
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(file, String(process.pid), { flag: "wx" });
      return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      const pid = Number(await readFile(file, "utf8").catch(() => "0"));
      if (attempt >= TAKEOVERS || (pid > 0 && isAlive(pid))) throw new ProcessLockedError(file, pid);
      await rm(file, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
