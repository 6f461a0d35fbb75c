import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "../errors/usage-error.ts";
import { parseJsonOption } from "./parse-json-option.ts";

const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads an option that is JSON text, a file, or `-` for standard input.
 * @param option for example "--input"
 * @throws UsageError that names the option when it is not JSON
 */
export async function readInput(option: string, input: string, cwd: string): Promise<unknown> {
  const text =
    input === "-"
      ? await readStandardInput(option)
      : /^\s*[[{]/.test(input)
        ? input
        : await readInputFile(option, path.resolve(cwd, input));
  return parseJsonOption(option, text, `expected one object such as '{"supplier_id":"S_00001","late_ratio":0.4}'`);
}

async function readStandardInput(option: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new UsageError(`${option}: standard input is over 4 MiB`);
    chunks.push(chunk);
  }
  return decodeInput(option, Buffer.concat(chunks));
}

async function readInputFile(option: string, file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile())
    throw new UsageError(`${option}: ${file} is not a file; give JSON, a file, or - for standard input`);
  if (found.size > MAX_BYTES) throw new UsageError(`${option}: ${file} is over 4 MiB`);
  return decodeInput(option, await readFile(file));
}

/**
 * Decodes strictly: invalid bytes would become U+FFFD, and a supplier id with them would name another
 * supplier.
 */
function decodeInput(option: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${option} is not UTF-8; save the file as UTF-8`);
  }
}
