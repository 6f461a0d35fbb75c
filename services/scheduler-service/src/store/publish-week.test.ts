import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { StoreDeniedError, StoreUnavailableError } from "@bellwether/object-store/store-error";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mayPass } from "../domain/scheduler-error.ts";
import { publishWeek, type StoredWeek } from "./publish-week.ts";

let folder = "";
let store: ObjectStore;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-results-"));
  await mkdir(path.join(folder, "week"));
  for (const name of ["snapshot.parquet", "report.csv", "report.json"])
    await writeFile(path.join(folder, "week", name), `content of ${name}`);
  store = await openObjectStore(`file:${path.join(folder, "results")}`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const week = (runId = 7, digest = "a"): StoredWeek => ({
  ...{ modelName: "supplier-risk", week: "2026-W47", runId, inputDigest: digest.repeat(64) },
  folder: path.join(folder, "week"),
});
const read = async (key: string): Promise<string> => text((await store.get(key)).chunks);
const keys = async (): Promise<string[]> => {
  const found: string[] = [];
  for await (const { key } of store.list("")) found.push(key);
  return found;
};
const MANIFEST = "supplier-risk/2026-W47/manifest.json";

test("the manifest names the files of the run with their digests", async () => {
  expect(await publishWeek(store, week())).toBe(MANIFEST);
  const manifest = JSON.parse(await read(MANIFEST));
  expect(manifest).toMatchObject({ iso_week: "2026-W47", model: "supplier-risk", run_id: 7 });
  expect(manifest.files).toHaveLength(3);
  for (const { name, key, bytes } of manifest.files) {
    expect(key).toBe(`supplier-risk/2026-W47/run-7-aaaaaaaaaaaa/${name}`);
    expect((await read(key)).length).toBe(bytes);
  }
});

test("storing a week again changes nothing, and completes what is missing", async () => {
  await publishWeek(store, week());
  const before = await Promise.all((await keys()).map((key) => store.head(key)));
  await publishWeek(store, week());
  expect(await Promise.all((await keys()).map((key) => store.head(key)))).toEqual(before);
  await store.delete(MANIFEST);
  await store.delete("supplier-risk/2026-W47/run-7-aaaaaaaaaaaa/report.csv");
  await publishWeek(store, week());
  expect(await keys()).toHaveLength(4);
});

test("a later run of the week moves the manifest, an earlier one does not", async () => {
  await publishWeek(store, week(9, "b"));
  await publishWeek(store, week(7, "a"));
  expect(JSON.parse(await read(MANIFEST))).toMatchObject({ run_id: 9 });
  await publishWeek(store, week(11, "c"));
  expect(JSON.parse(await read(MANIFEST))).toMatchObject({ run_id: 11 });
  expect(await keys()).toHaveLength(10);
});

test("of schedulers that store at the same time, the latest run has the manifest", async () => {
  await Promise.all([3, 5, 4, 5, 2].map((runId) => publishWeek(store, week(runId, String(runId)))));
  expect(JSON.parse(await read(MANIFEST))).toMatchObject({ run_id: 5 });
});

test("a week without a list of scores is stored without it", async () => {
  await rm(path.join(folder, "week/report.csv"));
  await publishWeek(store, week());
  expect(JSON.parse(await read(MANIFEST)).files.map(({ name }: { name: string }) => name)).toEqual([
    "snapshot.parquet",
    "report.json",
  ]);
});

test("a store that rejects or is away is an error that says that the week is complete", async () => {
  for (const [error, passes] of [
    [new StoreDeniedError("s3://b/x", "AccessDenied"), false],
    [new StoreUnavailableError("s3://b/x", "SlowDown"), true],
  ] as const) {
    const broken: ObjectStore = { ...store, put: () => Promise.reject(error) };
    const thrown = await publishWeek(broken, week()).catch((found: unknown) => found);
    expect(String(thrown)).toContain(`2026-W47 is complete, but its snapshot and report were not stored: s3://b/x`);
    expect(mayPass(thrown)).toBe(passes);
  }
});
