import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { UsageError } from "../errors/usage-error.ts";

const MAX_BYTES = 4 * 1024 * 1024;

/** Reads `--input`: JSON text, a file, or `-` for standard input. @throws UsageError when it is not JSON */
export async function readInput(input: string, cwd: string): Promise<unknown> {
  const source =
    input === "-"
      ? decodeInput(await buffer(process.stdin))
      : /^\s*[[{]/.test(input)
        ? input
        : await readInputFile(path.resolve(cwd, input));
  try {
    return JSON.parse(source.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(
      `--input is not JSON (${error instanceof Error ? error.message : String(error)}); expected one object such as '{"supplier_id":"S_00001","late_ratio":0.4}'`,
    );
  }
}

async function readInputFile(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile())
    throw new UsageError(`--input: ${file} is not a file; give JSON, a file, or - for standard input`);
  if (found.size > MAX_BYTES) throw new UsageError(`--input: ${file} is over 4 MiB`);
  return decodeInput(await readFile(file));
}

/**
 * Decodes strictly: invalid bytes would become U+FFFD, and a supplier id with them would name another
 * supplier.
 */
function decodeInput(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError("--input is not UTF-8; save the file as UTF-8");
  }
}
