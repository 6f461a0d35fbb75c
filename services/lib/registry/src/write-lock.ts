import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { RegistryBusyError } from "./registry-error.ts";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/**
 * Runs `work` as the folder's only writer on this machine. A lock left by a killed process is taken over.
 * @throws RegistryBusyError while a living process holds it.
 */
export async function withWriteLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = path.join(folder, ".write.lock");
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const pid = Number(await readFile(lock, "utf8").catch(() => "0"));
      if (attempt > 1 || (pid > 0 && isAlive(pid))) throw new RegistryBusyError(lock, pid);
      await rm(lock, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}
