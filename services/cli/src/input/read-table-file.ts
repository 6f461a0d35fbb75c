import { readFile, stat } from "node:fs/promises";
import { UsageError } from "../errors/usage-error.ts";

const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a whole table file into memory.
 * @param option The option that names it, for errors.
 * @throws UsageError when the file does not exist or is over 1 GiB
 */
export async function readTableFile(file: string, option = "--input"): Promise<Uint8Array> {
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) throw new UsageError(`${option}: ${file} is not a file`);
  if (found.size > MAX_BYTES) throw new UsageError(`${option}: ${file} is over 1 GiB; split it`);
  return readFile(file);
}
