import { readFileSync } from "node:fs";

/**
 * Reads the file that a variable names, at the start of a process.
 * @throws Error with the variable, the file and the code of the system; the content is not quoted
 */
export function readTextFile(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new Error(`${variable}: ${file} cannot be read (${code})`, { cause });
  }
}
