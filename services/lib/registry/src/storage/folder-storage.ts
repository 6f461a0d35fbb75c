import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { replaceFile, syncFolder, writeSynced } from "@bellwether/files/durable-write";
import { exists, readPlainFile } from "../files/plain-file.ts";
import { withWriteLock } from "../files/write-lock.ts";
import { SIGNATURE_FILE } from "../keys/signature-file.ts";
import { modelFolder, VERSION_FILES, versionFolder } from "../layout.ts";
import { nextVersion } from "./next-version.ts";
import type { NewFile, RegistryFile, RegistryStorage } from "./registry-storage.ts";

/**
 * A registry in a folder. A version is written to a draft folder, which is renamed when it is complete. Changes of a file are made
 * under a lock of the operating system, which ends with its process.
 * @param root path of the folder; it need not exist
 */
export function createFolderStorage(root: string): RegistryStorage {
  const pathOf = (file: RegistryFile): string =>
    file.length === 2
      ? path.join(modelFolder(root, file[0]), file[1])
      : path.join(versionFolder(root, file[0], file[1]), file[2]);
  return {
    kind: "folder",
    address: root,
    placeOf: pathOf,
    async folders() {
      const entries = await readdir(root, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    },
    namesOf: (modelName) =>
      readdir(modelFolder(root, modelName)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
        throw error;
      }),
    hasModel: (modelName) => exists(modelFolder(root, modelName)),
    hasFile: (file) => exists(pathOf(file)),
    read: (file, { maxBytes }) => readPlainFile(pathOf(file), maxBytes),
    async fingerprint(modelName, version) {
      const folder = versionFolder(root, modelName, version);
      const parts = [...VERSION_FILES, SIGNATURE_FILE].map((name) =>
        stat(path.join(folder, name), { bigint: true }).then(
          ({ size, mtimeNs, ctimeNs, ino }) => `${size}:${mtimeNs}:${ctimeNs}:${ino}`,
          (error: NodeJS.ErrnoException) => error.code ?? "unknown",
        ),
      );
      return (await Promise.all(parts)).join(" ");
    },
    async createVersion(modelName, filesOf) {
      const folder = modelFolder(root, modelName);
      await mkdir(folder, { recursive: true });
      for (let after = 0; ; ) {
        const { version, number } = nextVersion(modelName, await readdir(folder), after);
        if (await createFolder(folder, version, filesOf(version))) return version;
        after = number;
      }
    },
    async remove(file) {
      await rm(pathOf(file), { force: true });
      await syncFolder(path.dirname(pathOf(file))).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    },
    async update(file, maxBytes, change) {
      const target = pathOf(file);
      return await withWriteLock(modelFolder(root, file[0]), async () => {
        const bytes = await readPlainFile(target, maxBytes);
        const { text, result } = change(bytes === null ? null : Buffer.from(bytes).toString("utf8"));
        if (text !== null) await replaceFile(target, text);
        return result;
      });
    },
  };
}

/** Writes a version's folder. @returns false when another publisher has the version in the meantime */
async function createFolder(folder: string, version: string, files: readonly NewFile[]): Promise<boolean> {
  const draft = await makeDraft(folder);
  try {
    for (const { name, bytes } of files) await writeSynced(path.join(draft, name), bytes);
    await syncFolder(draft);
    await rename(draft, path.join(folder, version));
    await syncFolder(folder);
    return true;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/**
 * Creates a folder for a version's files with the permissions of the model's folder. A folder made by mkdtemp
 * is readable by its owner only, and ml-service may run as another user.
 */
async function makeDraft(folder: string): Promise<string> {
  const draft = await mkdtemp(path.join(folder, ".draft-"));
  const { mode } = await stat(folder);
  // chmod is called only when the mode differs, because some shared volumes reject every chmod.
  if ((await stat(draft)).mode !== mode) await chmod(draft, mode & 0o7777);
  return draft;
}
