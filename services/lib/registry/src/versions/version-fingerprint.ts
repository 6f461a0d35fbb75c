import { stat } from "node:fs/promises";
import path from "node:path";
import { VERSION_FILES, versionFolder } from "../layout.ts";

/**
 * Tells whether a version's files may have changed, by size, time and inode, without reading them.
 * @returns the same text as long as nothing changed
 */
export async function versionFingerprint(root: string, modelName: string, version: string): Promise<string> {
  const folder = versionFolder(root, modelName, version);
  const parts = await Promise.all(
    VERSION_FILES.map((name) =>
      stat(path.join(folder, name), { bigint: true }).then(
        ({ size, mtimeNs, ctimeNs, ino }) => `${size}:${mtimeNs}:${ctimeNs}:${ino}`,
        (error: NodeJS.ErrnoException) => error.code ?? "unknown",
      ),
    ),
  );
  return parts.join(" ");
}
