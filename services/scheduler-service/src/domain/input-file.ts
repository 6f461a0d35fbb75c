import { realpath } from "node:fs/promises";
import path from "node:path";
import { InputNotFoundError } from "./scheduler-error.ts";

/**
 * The file or folder that a caller names, below the input folder also after links are followed.
 * @throws InputNotFoundError when it is not there, or elsewhere: a caller learns nothing of other folders
 */
export async function resolveInput(inputFolder: string, input: string): Promise<string> {
  try {
    const folder = await realpath(inputFolder);
    const file = await realpath(path.resolve(folder, input));
    if (file === folder || file.startsWith(folder + path.sep)) return file;
  } catch {
    // Not there: told below.
  }
  throw new InputNotFoundError(input);
}
