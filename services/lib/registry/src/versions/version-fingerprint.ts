import { stat } from "node:fs/promises";
import path from "node:path";
import { VERSION_FILES, versionFolder } from "../layout.ts";

/**
 * Returns the fingerprint of a version's files from size, modification time and inode. A changed fingerprint
 * means that a file may have changed; no file is read.
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
