import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withBegun } from "../domain/retrain-record.ts";
import { openRetrainFile } from "./retrain-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-retrains-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a missing file is an empty list, and what is written is read again", async () => {
  const store = openRetrainFile(path.join(folder, "model", "retrains.json"));
  expect(await store.read()).toEqual([]);
  const window = { from: "2026-W01", to: "2026-W02" };
  const begun = {
    number: 1,
    jobId: "retrain-1",
    beganMs: 1,
    trigger: "drift" as const,
    reason: "r",
    actor: "a",
    window,
  };
  await store.write(withBegun([], begun));
  expect(await store.read()).toEqual(withBegun([], begun));
});

test.each([
  "",
  "{",
  "[]",
  "{}",
  '{"format":2,"retrains":[]}',
  '{"format":1,"retrains":[{}]}',
  '{"format":1,"retrains":[null]}',
])("the content %j is an error that names the file and the way out", async (text) => {
  const file = path.join(folder, "bad.json");
  await writeFile(file, text);
  await expect(openRetrainFile(file).read()).rejects.toThrow(`${file} is not a list of retrains: remove it`);
});
