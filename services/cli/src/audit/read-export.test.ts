import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EXPORT_COLUMNS, ExportFormError } from "@bellwether/contract/audit/export-records";
import { convertLines } from "@bellwether/ingest/tables/convert-lines";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXPORT_TYPES } from "./export-file.ts";
import { readExport } from "./read-export.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-read-export-"));
  const row = (i: number) =>
    JSON.stringify({
      ...Object.fromEntries(EXPORT_COLUMNS.map((name) => [name, `${name},${i}`])),
      ...{ sequence: i, hash_version: 2 },
    });
  await writeFile(at("log.jsonl"), Array.from({ length: 50 }, (_, i) => `${row(i)}\n`).join(""));
  for (const ending of [".csv", ".parquet"]) await convertLines(at("log.jsonl"), at(`log${ending}`), EXPORT_TYPES);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => path.join(folder, name);
const readAll = (name: string) => Array.fromAsync(readExport(at(name)));

test.each(["jsonl", "csv", "parquet"])("a whole %s file has all rows", async (ending) => {
  expect(await readAll(`log.${ending}`)).toHaveLength(50);
});

test.each([
  [
    "csv",
    0.496,
    /^line \d+ of the file is not whole: the file was cut off in it, or it is not a CSV export; export it again$/,
  ],
  ["parquet", 0.5, /^the file is not whole: it was cut off, or it is not a Parquet export; export it again$/],
  ["parquet", 0.99, /^the file is not whole: it was cut off/],
  ["parquet", 0, /^the file is not whole: it was cut off/],
])("a %s file that was cut at %s of its bytes is an error without words of DuckDB", async (ending, part, message) => {
  const bytes = await readFile(at(`log.${ending}`));
  await writeFile(at(`cut.${ending}`), bytes.subarray(0, Math.floor(bytes.length * part)));
  const error = await readAll(`cut.${ending}`).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ExportFormError);
  expect(error).toMatchObject({ message: expect.stringMatching(message) });
});

test.each(["csv", "parquet"])("another file with the ending %s is an error of its form", async (ending) => {
  await writeFile(at(`other.${ending}`), "supplier_id,name\nS1,a,b,c\n");
  await expect(readAll(`other.${ending}`)).rejects.toThrow(ExportFormError);
});

test.each(["jsonl", "csv", "parquet"])("a missing %s file is named as missing", async (ending) => {
  await expect(readAll(`none.${ending}`)).rejects.toMatchObject({ code: "ENOENT" });
});
