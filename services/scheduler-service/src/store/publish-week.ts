import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { fileDigest } from "@bellwether/ingest/files/file-digest";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import {
  isObjectStoreError,
  isTransientStoreError,
  ObjectConditionError,
  ObjectNotFoundError,
} from "@bellwether/object-store/store-error";
import { ResultsNotStoredError } from "../domain/scheduler-error.ts";

/** Complete run whose files are stored. */
export interface StoredWeek {
  readonly modelName: string;
  readonly week: string;
  readonly runId: number;
  /** SHA-256 of the snapshot, lower-case hex. */
  readonly inputDigest: string;
  /** Folder of the week with its files. */
  readonly folder: string;
}

/** File of a week in the store, as the manifest lists it. */
export interface ManifestFile {
  readonly name: string;
  /** Key below the prefix of the store. */
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

interface Manifest {
  readonly iso_week: string;
  readonly model: string;
  readonly run_id: number;
  readonly input_digest: string;
  readonly files: readonly ManifestFile[];
}

/** Files of a week in the store, with their media types. */
export const RESULT_FILES = [
  ["snapshot.parquet", "application/vnd.apache.parquet"],
  ["report.csv", "text/csv"],
  ["report.json", "application/json"],
] as const;
const MAX_ATTEMPTS = 5;

/**
 * Stores snapshot and report of a complete run at MODEL/WEEK/run-ID-DIGEST/, then MODEL/WEEK/manifest.json, which names them with their
 * digests. The files of a run never change; the manifest only moves to a later run of the week. A repeated call stores what is
 * missing. Returns the key of the manifest.
 * @throws ResultsNotStoredError
 */
export async function publishWeek(store: ObjectStore, week: StoredWeek, signal?: AbortSignal): Promise<string> {
  try {
    const base = `${week.modelName}/${week.week}`;
    const folder = `${base}/run-${week.runId}-${week.inputDigest.slice(0, 12)}`;
    const files: ManifestFile[] = [];
    for (const [name, contentType] of RESULT_FILES) {
      const stored = await storeFile(store, path.join(week.folder, name), `${folder}/${name}`, contentType, signal);
      if (stored !== null) files.push({ name, ...stored });
    }
    const manifest: Manifest = {
      ...{ iso_week: week.week, model: week.modelName, run_id: week.runId, input_digest: week.inputDigest, files },
    };
    await writeManifest(store, `${base}/manifest.json`, manifest, signal);
    return `${base}/manifest.json`;
  } catch (error) {
    if (!isObjectStoreError(error)) throw error;
    throw new ResultsNotStoredError(week.week, error.message, isTransientStoreError(error), { cause: error });
  }
}

/** Stores a file that the store does not have yet. Null: the week has no such file. */
async function storeFile(
  store: ObjectStore,
  file: string,
  key: string,
  contentType: string,
  signal?: AbortSignal,
): Promise<Omit<ManifestFile, "name"> | null> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (found === null) return null;
  const described = { key, bytes: found.size, sha256: await fileDigest(file, signal) };
  const put = { condition: { absent: true }, contentType, ...(signal && { signal }) } as const;
  try {
    await store.put(key, createReadStream(file, { highWaterMark: 1 << 20 }), put);
  } catch (error) {
    if (!(error instanceof ObjectConditionError)) throw error;
    // An earlier attempt has stored it. A report that was written again can differ in its remarks: the stored one counts.
    const { bytes, etag } = await store.head(key, signal && { signal });
    if (bytes !== found.size) return { key, bytes, sha256: await digestOf(store, key, etag, signal) };
  }
  return described;
}

async function digestOf(store: ObjectStore, key: string, etag: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await store.get(key, { etag, ...(signal && { signal }) })).chunks) hash.update(chunk);
  return hash.digest("hex");
}

/** Moves the manifest to a run, unless it is at a later one. Of two writers at once, each reads the other's before it writes. */
async function writeManifest(store: ObjectStore, key: string, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  for (let attempt = 1; ; attempt++) {
    const known = await readManifest(store, key, signal);
    if (known !== null && known.runId > manifest.run_id) return;
    if (known !== null && known.content === bytes.toString()) return;
    const condition = known === null ? ({ absent: true } as const) : { etag: known.etag };
    try {
      await store.put(key, bytes, { condition, contentType: "application/json", ...(signal && { signal }) });
      return;
    } catch (error) {
      if (!(error instanceof ObjectConditionError) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function readManifest(store: ObjectStore, key: string, signal?: AbortSignal) {
  try {
    const { info, chunks } = await store.get(key, signal && { signal });
    const content = await text(chunks);
    const value: unknown = JSON.parse(content);
    const runId = typeof value === "object" && value !== null && "run_id" in value ? Number(value.run_id) : 0;
    return { content, runId, etag: info.etag };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return null;
    if (error instanceof SyntaxError) return { content: "", runId: 0, etag: (await store.head(key)).etag };
    throw error;
  }
}

/**
 * Writes the sizes and digests of files that were replaced into the manifest that names them. A manifest that names none of them stays as it
 * is, and so does a missing one. @throws ObjectConditionError when others change the manifest again and again
 */
export async function correctManifest(
  store: ObjectStore,
  key: string,
  replaced: readonly ManifestFile[],
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const known = await readManifest(store, key, signal);
    if (known === null || known.content === "") return;
    const manifest: Manifest = JSON.parse(known.content);
    const byKey = new Map(replaced.map((file) => [file.key, file]));
    if (!manifest.files.some((file) => byKey.has(file.key))) return;
    const files = manifest.files.map((file) => byKey.get(file.key) ?? file);
    const bytes = Buffer.from(`${JSON.stringify({ ...manifest, files }, null, 2)}\n`);
    try {
      await store.put(key, bytes, { condition: { etag: known.etag }, contentType: "application/json", signal });
      return;
    } catch (error) {
      if (!(error instanceof ObjectConditionError) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
