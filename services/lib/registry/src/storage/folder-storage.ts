import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { replaceFile, syncFolder, writeSynced } from "@bellwether/files/durable-write";
import { exists, readPlainFile } from "../files/plain-file.ts";
import { withWriteLock } from "../files/write-lock.ts";
import { SIGNATURE_FILE } from "../keys/signature-file.ts";
import { MAX_MANIFEST_BYTES, modelFolder, VERSION_FILES, versionFolder, versionNumber } from "../layout.ts";
import { nextVersion } from "./next-version.ts";
import type { IsSameModel, NewFile, RegistryFile, RegistryStorage } from "./registry-storage.ts";

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
    async createVersion(modelName, filesOf, isSame) {
      const folder = modelFolder(root, modelName);
      await mkdir(folder, { recursive: true });
      for (let after = 0; ; ) {
        const { version, number } = nextVersion(modelName, await readdir(folder), after);
        const outcome = await createFolder(folder, version, filesOf(version), isSame);
        if (outcome !== "taken") return outcome === "created" ? version : null;
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

/**
 * Writes a version's folder. With `isSame`, the other versions are compared under the lock of the model, so that of two publishers of the
 * same model the second one sees the version of the first.
 * @returns "taken" when another publisher has the version in the meantime; "same" when a version has the same model
 */
async function createFolder(
  folder: string,
  version: string,
  files: readonly NewFile[],
  isSame: IsSameModel | undefined,
): Promise<"created" | "taken" | "same"> {
  const draft = await makeDraft(folder);
  const place = () => rename(draft, path.join(folder, version));
  try {
    for (const { name, bytes } of files) await writeSynced(path.join(draft, name), bytes);
    await syncFolder(draft);
    if (isSame === undefined) await place();
    else {
      const hasSame = await withWriteLock(folder, async () => {
        if (await hasSameModel(folder, files, isSame)) return true;
        await place();
        return false;
      });
      if (hasSame) {
        await rm(draft, { recursive: true, force: true });
        return "same";
      }
    }
    await syncFolder(folder);
    return "created";
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) return "taken";
    throw error;
  }
}

/** Whether a version has the same model. Only manifests of versions whose model has the same size are read. */
async function hasSameModel(folder: string, files: readonly NewFile[], isSame: IsSameModel): Promise<boolean> {
  const bytes = files.find(({ name }) => name === "model.onnx")?.bytes.length;
  for (const name of await readdir(folder)) {
    if (versionNumber(name) === 0) continue;
    const size = await stat(path.join(folder, name, "model.onnx")).then(
      (found) => found.size,
      () => null,
    );
    if (size !== bytes) continue;
    const manifest = await readPlainFile(path.join(folder, name, "manifest.json"), MAX_MANIFEST_BYTES);
    if (manifest !== null && isSame(manifest)) return true;
  }
  return false;
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
