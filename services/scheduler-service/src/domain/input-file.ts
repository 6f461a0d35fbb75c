import { realpath } from "node:fs/promises";
import path from "node:path";
import { InputNotFoundError } from "./scheduler-error.ts";

/**
 * Resolves the file or folder that a caller names. It must be below the input folder, also after links are
 * followed.
 * @throws InputNotFoundError when it does not exist or is elsewhere: one error, so that a caller learns nothing about other folders
 * @throws NodeJS.ErrnoException when the folder or the file cannot be accessed
 */
export async function resolveInput(inputFolder: string, input: string): Promise<string> {
  try {
    const folder = await realpath(inputFolder);
    const named = path.resolve(folder, input);
    const file = await realpath(named).catch((error: unknown) => {
      throw isBelow(folder, named) ? error : new InputNotFoundError(input, true);
    });
    if (isBelow(folder, file)) return file;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  throw new InputNotFoundError(input, true);
}

const isBelow = (folder: string, file: string): boolean => file === folder || file.startsWith(folder + path.sep);

/** Error codes of the system for a path that does not lead to a file. */
const MISSING: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EINVAL"]);

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && MISSING.has(error.code);
