import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileDigest } from "@bellwether/ingest/files/file-digest";
import { downloadObject } from "@bellwether/object-store/download-object";
import type { ObjectInfo, ObjectStore } from "@bellwether/object-store/object-store";
import { eraseInReport, eraseInSnapshot, eraseInTable } from "./erase-file.ts";
import { correctManifest, type ManifestFile, RESULT_FILES } from "./publish-week.ts";

const FILE = /^(?<base>[^/]+\/\d{4}-W\d{2})\/run-[^/]+\/(?<name>snapshot\.parquet|report\.csv|report\.json)$/;
const SNAPSHOT = "snapshot.parquet";
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map(RESULT_FILES);

/**
 * Erases the texts about a supplier in the copies of results in an object store (`publishWeek`), and corrects the digests in the manifests.
 * Each object is read into `folder`, one after the other. Returns the number of changed objects. A store with versions or a lock keeps the
 * former content: that is for its own rules of retention.
 */
export async function eraseInCopies(
  store: ObjectStore,
  folder: string,
  supplierId: string,
  signal: AbortSignal,
): Promise<number> {
  let [copies, names]: [number, readonly string[]] = [0, []];
  const work = await mkdtemp(path.join(folder, ".erase-"));
  try {
    for await (const { base, files } of weeksOf(store, signal)) {
      const replaced: ManifestFile[] = [];
      for (const { name, info } of files) {
        const file = path.join(work, name);
        await downloadObject({ store, key: info.key, etag: info.etag, file, signal });
        const erased = await eraseIn(file, name, supplierId, names, signal);
        if (erased !== null) {
          names = [...new Set([...names, ...erased.names])];
          replaced.push({ name, ...(await replaceObject(store, info, erased.draft, name, signal)) });
          await rm(erased.draft, { force: true });
        }
        await rm(file, { force: true });
      }
      if (replaced.length > 0) await correctManifest(store, `${base}/manifest.json`, replaced, signal);
      copies += replaced.length;
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return copies;
}

/** The files of a week, snapshots first: they have the names that reports quote. */
interface StoredFiles {
  /** MODEL/WEEK. */
  readonly base: string;
  readonly files: { readonly name: string; readonly info: ObjectInfo }[];
}

/** Lists the files week by week: the keys of a week follow each other. */
async function* weeksOf(store: ObjectStore, signal: AbortSignal): AsyncGenerator<StoredFiles, void, void> {
  let week: StoredFiles = { base: "", files: [] };
  for await (const info of store.list("", { signal })) {
    const { base = "", name = "" } = FILE.exec(info.key)?.groups ?? {};
    if (base === "") continue;
    if (base !== week.base) {
      if (week.files.length > 0) yield week;
      week = { base, files: [] };
    }
    if (name === SNAPSHOT) week.files.unshift({ name, info });
    else week.files.push({ name, info });
  }
  if (week.files.length > 0) yield week;
}

async function eraseIn(
  file: string,
  name: string,
  supplierId: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly draft: string; readonly names: readonly string[] } | null> {
  if (name === SNAPSHOT) return eraseInSnapshot(file, supplierId, signal);
  if (name === "report.csv") return eraseInTable(file, supplierId);
  const text = await eraseInReport(file, supplierId, names);
  if (text === null) return null;
  const draft = `${file}.erased`;
  await writeFile(draft, text);
  return { draft, names: [] };
}

/** Replaces an object, unless somebody else has changed it meanwhile. @throws ObjectConditionError */
async function replaceObject(
  store: ObjectStore,
  { key, etag }: ObjectInfo,
  draft: string,
  name: string,
  signal: AbortSignal,
): Promise<Omit<ManifestFile, "name">> {
  const sha256 = await fileDigest(draft, signal);
  const contentType = MEDIA_TYPES.get(name) ?? "application/octet-stream";
  const content = createReadStream(draft, { highWaterMark: 1 << 20 });
  const { bytes } = await store.put(key, content, { condition: { etag }, contentType, signal });
  return { key, bytes, sha256 };
}
