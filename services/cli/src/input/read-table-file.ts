import { readFile, stat } from "node:fs/promises";
import { UsageError } from "../errors/usage-error.ts";

const MAX_BYTES = 1024 * 1024 * 1024;

/** Reads a whole table file into memory. @throws UsageError when the file does not exist or is over 1 GiB */
export async function readTableFile(file: string): Promise<Uint8Array> {
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) throw new UsageError(`--input: there is no file ${file}`);
  if (found.size > MAX_BYTES) throw new UsageError(`--input: ${file} is over 1 GiB; split it`);
  return readFile(file);
}
