import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";
import { fileDigest } from "@bellwether/ingest/files/file-digest";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eraseInReport } from "./erase-file.ts";
import { eraseInFiles } from "./erase-files.ts";
import { publishWeek } from "./publish-week.ts";
import { openWeekFolder } from "./week-folder.ts";

const WEEK = "2026-W47";
const { signal } = new AbortController();
let root = "";
let folder = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bellwether-erase-files-"));
  folder = path.join(root, "m", WEEK);
  await writeWeek(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (name: string): string => path.join(folder, name);
const erase = (supplierId: string) => eraseInFiles(root, null, supplierId, signal);

/** Writes the files of a complete week with the suppliers S0 to S9. */
async function writeWeek(target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const parquet = path.join(target, "snapshot.parquet");
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select 'S' || i as supplier_id, null::date as as_of, 'Name ' || i as "attribute.display_name", null::varchar as "attribute.region",
       null::varchar as "attribute.category", null::double as "attribute.exposure", null::varchar as "attribute.owner",
       i::double as "number.delay" from range(0, 10) t(i)) to '${parquet}' (format parquet)`,
  );
  connection.closeSync();
  const samples = [
    { file: "f.csv", line: 3, text: "S77,Name 3,x" },
    { file: "f.csv", line: 4, text: "S78,Other,x" },
  ];
  const record = {
    ...{ digest: await fileDigest(parquet), rows: 10, sourceDigest: "", input: "f.csv", sources: [] },
    rejected: { count: 2, repeated: 0, samples },
  };
  await writeFile(path.join(target, "ingest.json"), JSON.stringify(record));
  await writeFile(path.join(target, "report.csv"), "supplier_id,name,region\nS3,Name 3,\nS4,Name 4,\n");
  await writeFile(path.join(target, "report.json"), JSON.stringify({ run_id: 7, rejected_when_reading: { samples } }));
  const old = new Date(Date.now() - 48 * 3_600_000);
  await utimes(parquet, old, old);
}

async function namesIn(parquet: string): Promise<unknown[]> {
  const connection = await (await DuckDBInstance.create()).connect();
  const reader = await connection.runAndReadAll(`select "attribute.display_name" from '${parquet}'`);
  connection.closeSync();
  return reader.getRowsJson().map(([name]) => name);
}

test("a rejected row keeps its text if it has only ordinary words of the name, or the id as a part of another", async () => {
  expect(await eraseInReport(at("report.json"), "S7", ["Other", "x"])).toBeNull();
  expect(await eraseInReport(at("report.json"), "S78", [])).not.toContain("Other");
});

describe("a complete week", () => {
  test("loses the texts in its snapshot, its table and its reports, and stays usable", async () => {
    const before = await stat(at("snapshot.parquet"));
    expect(await erase("S3")).toEqual({ snapshots: 1, reports: 3, copies: 0, waiting: [] });
    const names = await namesIn(at("snapshot.parquet"));
    expect([names[3], names[4], names.length]).toEqual([null, "Name 4", 10]);
    expect(await readFile(at("report.csv"), "utf8")).toBe("supplier_id,name,region\nS3,,\nS4,Name 4,\n");
    for (const name of ["report.json", "ingest.json"]) {
      const report = await readFile(at(name), "utf8");
      expect([report.includes("Name 3"), report.includes("Other")]).toEqual([false, true]);
    }
    // The retention reads the time of the snapshot, and the ingest is still that of the scored file.
    expect((await stat(at("snapshot.parquet"))).mtimeMs).toBe(before.mtimeMs);
    expect((await openWeekFolder(root, "m", WEEK).readIngest())?.rows).toBe(10);
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  test("is the same after a second pass, and after one about another supplier", async () => {
    await erase("S3");
    const digest = await fileDigest(at("snapshot.parquet"));
    for (const supplierId of ["S3", "nobody"])
      expect(await erase(supplierId)).toEqual({ snapshots: 0, reports: 0, copies: 0, waiting: [] });
    expect(await fileDigest(at("snapshot.parquet"))).toBe(digest);
  });

  test("keeps a snapshot that is known at every moment when the process is killed between the two writes", async () => {
    const [whole, record] = [at("whole"), at("record")];
    await copyFile(at("snapshot.parquet"), whole);
    await erase("S3");
    await copyFile(at("ingest.json"), record);
    // The record was written, the snapshot was not.
    await copyFile(whole, at("snapshot.parquet"));
    await copyFile(record, at("ingest.json"));
    expect(await openWeekFolder(root, "m", WEEK).readIngest()).not.toBeNull();
    // Any other content is not the snapshot of the ingest.
    await writeFile(at("snapshot.parquet"), "other");
    expect(await openWeekFolder(root, "m", WEEK).readIngest()).toBeNull();
  });

  test("without a snapshot, which the retention has removed, loses the name in its table", async () => {
    await rm(at("snapshot.parquet"));
    expect(await erase("S3")).toEqual({ snapshots: 0, reports: 1, copies: 0, waiting: [] });
    expect(await readFile(at("report.csv"), "utf8")).not.toContain("Name 3");
  });
});

describe("a week whose run is not complete", () => {
  test.each([
    ["has no report", () => rm(at("report.json"))],
    ["is being run again", () => utimes(at("snapshot.parquet"), new Date(), new Date(Date.now() + 60_000))],
  ])("waits when it %s, and is not changed", async (_what, prepare) => {
    await prepare();
    const digest = await fileDigest(at("snapshot.parquet"));
    expect(await erase("S3")).toEqual({ snapshots: 0, reports: 0, copies: 0, waiting: [WEEK] });
    expect(await fileDigest(at("snapshot.parquet"))).toBe(digest);
  });

  test("a data folder that does not exist, and folders of work in progress, have nothing to erase", async () => {
    await mkdir(path.join(root, ".input", WEEK), { recursive: true });
    await writeFile(path.join(root, ".input", WEEK, "report.csv"), "S3,Name 3,\n");
    await rm(folder, { recursive: true });
    const nothing = { snapshots: 0, reports: 0, copies: 0, waiting: [] };
    expect(await erase("S3")).toEqual(nothing);
    expect(await eraseInFiles(path.join(root, "none"), null, "S3", signal)).toEqual(nothing);
  });
});

describe("copies in an object store", () => {
  test("are replaced, and the manifest has their sizes and digests", async () => {
    const url = `file:${path.join(root, ".results")}`;
    const store = await openObjectStore(url);
    const week = { modelName: "m", week: WEEK, runId: 7, inputDigest: "a".repeat(64), folder };
    const key = await publishWeek(store, week, signal);
    expect(await eraseInFiles(root, () => openObjectStore(url), "S3", signal)).toMatchObject({
      ...{ snapshots: 1, copies: 3, waiting: [] },
    });
    const manifest = JSON.parse(await text((await store.get(key)).chunks));
    expect(manifest).toMatchObject({ run_id: 7, input_digest: "a".repeat(64) });
    for (const file of manifest.files) {
      const content = await buffer((await store.get(file.key)).chunks);
      const copy = path.join(root, file.name);
      await writeFile(copy, content);
      expect([content.length, await fileDigest(copy)]).toEqual([file.bytes, file.sha256]);
      if (file.name === "snapshot.parquet") expect((await namesIn(copy))[3]).toBeNull();
      else expect(content.toString()).not.toContain("Name 3");
    }
    expect(await eraseInFiles(root, () => openObjectStore(url), "S3", signal)).toMatchObject({ copies: 0 });
    expect((await readdir(root)).filter((name) => name.startsWith(".erase"))).toEqual([]);
    // The week can be stored again: nothing is missing.
    expect(await publishWeek(store, week, signal)).toBe(key);
    expect(JSON.parse(await text((await store.get(key)).chunks))).toEqual(manifest);
  });
});
