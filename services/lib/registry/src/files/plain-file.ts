import { stat } from "node:fs/promises";
import { PlainFileError, readPlainFile as readFile } from "@bellwether/files/plain-file";
import { ModelCorruptError } from "../registry-error.ts";

/**
 * Reads a regular file of the registry that has one hard link.
 * @returns null when the file does not exist
 * @throws ModelCorruptError when it is a link or not a regular file, has more than `maxBytes`, or cannot be read
 */
export async function readPlainFile(file: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    return await readFile(file, maxBytes);
  } catch (error) {
    if (!(error instanceof PlainFileError)) throw error;
    if (error.rule === "exists") return null;
    throw new ModelCorruptError(file, error.message, {
      check: error.rule === "size" ? "size" : "digest",
      mayPass: error.rule === "readable" || error.rule === "unchanged",
    });
  }
}

/** Whether a file or folder exists at a path. */
export const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
