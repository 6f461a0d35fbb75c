import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WeekFiles } from "../domain/weekly-ports.ts";
import { openWeekFolder } from "./week-folder.ts";

const WEEK = "2026-W47";
const CHUNKS = { count: 2, chunkRows: 10 };
let root = "";
let files: WeekFiles;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bellwether-week-folder-"));
  files = openWeekFolder(root, "m", WEEK);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const names = async (): Promise<string[]> => (await readdir(path.join(root, "m", WEEK))).sort();
const read = (name: string): Promise<string> => readFile(path.join(root, "m", WEEK, name), "utf8");
async function scoreAll(text: string): Promise<void> {
  for (let index = 0; index < CHUNKS.count; index++) await files.writeScores({ index, chunkRows: 10 }, `${text}\n`);
}

test("a report joins the scores of all chunks, names its run, and removes the scores", async () => {
  expect(await files.reportedRun()).toBeNull();
  await scoreAll("a");
  await files.writeReport({ run_id: 1 }, "header\n", CHUNKS);
  expect([await read("report.csv"), await files.reportedRun(), await names()]).toEqual([
    ...["header\na\na\n", 1],
    ["report.csv", "report.json"],
  ]);
});

test("a summary that is written again keeps the list of scores of its run", async () => {
  await scoreAll("a");
  await files.writeReport({ run_id: 1 }, "header\n", CHUNKS);
  await files.writeReport({ run_id: 1 }, "header\n", CHUNKS);
  await rm(path.join(root, "m", WEEK, "report.json"));
  await files.writeReport({ run_id: 1 }, "header\n", CHUNKS);
  expect(await read("report.csv")).toBe("header\na\na\n");
});

test("scores of an earlier revision do not stay beside the summary of a later one", async () => {
  await scoreAll("a");
  await files.writeReport({ run_id: 1 }, "header\n", CHUNKS);
  await files.writeScores({ index: 0, chunkRows: 10 }, "b\n");
  await files.writeReport({ run_id: 2 }, "header\n", CHUNKS);
  expect([await files.reportedRun(), await names()]).toEqual([2, ["report.json", "scores-10-00000.csv"]]);
});
