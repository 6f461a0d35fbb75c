import path from "node:path";
import { ProcessLockedError, takeProcessLock } from "@bellwether/storage/process-lock";
import { RegistryBusyError } from "./registry-error.ts";

/**
 * Runs `work` as the folder's only writer on this machine. A lock left by a killed process is taken over.
 * @throws RegistryBusyError while a living process holds it.
 */
export async function withWriteLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = path.join(folder, ".write.lock");
  await using _lock = await takeProcessLock(file).catch((error: unknown) => {
    throw error instanceof ProcessLockedError ? new RegistryBusyError(file, error.pid) : error;
  });
  return await work();
}
