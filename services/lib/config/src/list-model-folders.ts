import { readdir, stat } from "node:fs/promises";
import path from "node:path";

/** Folder of the further models when no other one is set. */
export const DEFAULT_MODELS_FOLDER = "config/models";

/**
 * Lists the folders of the further models by name, without reading them. Files beside the folders, and names that begin with a point,
 * are ignored.
 * @param folder null: `DEFAULT_MODELS_FOLDER`; none when it does not exist
 * @throws Error of the file system
 */
export async function listModelFolders(folder: string | null): Promise<readonly string[]> {
  const root = folder ?? DEFAULT_MODELS_FOLDER;
  const entries = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (folder === null && error.code === "ENOENT") return [];
    throw error;
  });
  const names: string[] = [];
  for (const entry of entries.toSorted())
    if (!entry.startsWith(".") && (await stat(path.join(root, entry))).isDirectory()) names.push(entry);
  return names;
}
