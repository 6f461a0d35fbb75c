import { setTimeout as pause } from "node:timers/promises";
import type { ObjectInfo, ObjectStore } from "@bellwether/object-store/object-store";
import { versionNumber } from "../layout.ts";

/** Maximum time to wait for the manifest of another version, and the pause between two reads, ms. */
const WAIT_MS = 10_000;
const LOOK_MS = 250;
/** A model without a manifest that was stored this long before ours belongs to a publisher that was killed, ms. */
const KILLED_MS = 60_000;

/** A version whose files are stored, except for its manifest. */
export interface UnfinishedVersion {
  readonly modelName: string;
  readonly version: string;
  /** Reads the manifest of another version; null: it does not exist. */
  readonly readManifest: (version: string) => Promise<Uint8Array | null>;
}

/**
 * Whether another version has the same model. A version with a lower number and without a manifest may get one of the same
 * model, so the function waits for it. If several publishers store the same model at the same time, the one with the lowest number
 * stores it.
 * @param isSame whether a manifest is of the same model; called only where model.onnx has the same size
 */
export async function hasSameModel(
  store: ObjectStore,
  { modelName, version, readManifest }: UnfinishedVersion,
  isSame: (manifest: Uint8Array) => boolean,
): Promise<boolean> {
  const others = new Set<string>();
  for (const end = performance.now() + WAIT_MS; ; ) {
    const versions = await filesByVersion(store, modelName);
    const own = versions.get(version)?.get("model.onnx");
    let isWaiting = false;
    for (const [other, files] of versions) {
      const model = files.get("model.onnx");
      if (other === version || others.has(other) || model?.bytes !== own?.bytes) continue;
      if (files.has("manifest.json")) {
        const manifest = await readManifest(other);
        if (manifest !== null && isSame(manifest)) return true;
        others.add(other);
      } else if (versionNumber(other) < versionNumber(version) && !isOld(model, own)) isWaiting = true;
    }
    if (!isWaiting || performance.now() > end) return false;
    await pause(LOOK_MS);
  }
}

/** Compares times of the clock of the store. */
function isOld(model: ObjectInfo | undefined, own: ObjectInfo | undefined): boolean {
  const [storedMs, ownMs] = [model, own].map((info) => info?.modifiedAt?.getTime());
  return storedMs !== undefined && ownMs !== undefined && ownMs - storedMs > KILLED_MS;
}

async function filesByVersion(
  store: ObjectStore,
  modelName: string,
): Promise<ReadonlyMap<string, ReadonlyMap<string, ObjectInfo>>> {
  const versions = new Map<string, Map<string, ObjectInfo>>();
  for await (const info of store.list(`${modelName}/`)) {
    const [, version = "", file = ""] = info.key.split("/");
    if (versionNumber(version) === 0) continue;
    const files = versions.get(version) ?? new Map<string, ObjectInfo>();
    versions.set(version, files.set(file, info));
  }
  return versions;
}
