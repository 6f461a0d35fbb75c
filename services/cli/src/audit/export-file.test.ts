import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { verifyExport } from "@bellwether/contract/audit/export-records";
import {
  EMPTY_CHAIN,
  type HashedRecord,
  newSalt,
  payloadHashOf,
  recordHash,
} from "@bellwether/contract/audit/record-hash";
import { convertLines, readTableRows } from "@bellwether/ingest/tables/convert-lines";
import { expect, onTestFinished, test } from "vitest";
import { EXPORT_TYPES, type ExportSource, exportLog, partialOf, readLines } from "./export-file.ts";

/** Texts that a format could change: line ends, also those of Unicode, quotes, nothing, and what looks like another type. */
const TEXTS = ["", "a\u2028b", '"', "a,b", "=1+1", "007", "NULL", "é🏭", "\\N", " x "];

function chainOf(count: number, kind = "k"): HashedRecord[] {
  let previousHash = EMPTY_CHAIN.hash;
  return Array.from({ length: count }, (_, i) => {
    const [text = "", salt] = [TEXTS[i % TEXTS.length], newSalt()];
    const payload = i % 4 === 3 ? null : i % 4 === 0 ? "" : JSON.stringify({ text, lines: "a\nb\r\n" });
    const unhashed = {
      ...{ hashVersion: 2, sequence: i + 1, eventId: `e${i + 1}`, kind, actor: text || "a", subject: text },
      ...{ occurredUs: BigInt(i), recordedUs: 1_767_607_200_123_456n, recordedBy: "ml", payload, previousHash },
      ...{ salt: payload === null ? null : salt, payloadHash: payloadHashOf(payload ?? "gone", salt) },
    };
    const record = { ...unhashed, hash: recordHash(unhashed) };
    previousHash = record.hash;
    return record;
  });
}

async function setUp(records: readonly HashedRecord[]) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-export-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const source: ExportSource = {
    recordsAfter: async (sequence) => records.filter((record) => record.sequence > sequence).slice(0, 3),
    newestCheckpoint: async () => null,
  };
  return { source, target: (ending: string) => path.join(folder, `log${ending}`) };
}

const noProgress = (): void => {};
const accept = (): void => {};

test("a file has all records and verifies, in each format", async () => {
  const records = chainOf(20);
  const { source, target } = await setUp(records);
  const convert = (lines: string, to: string) => convertLines(lines, to, EXPORT_TYPES);
  await exportLog(target(".jsonl"), source, noProgress);
  expect(await verifyExport(readLines(target(".jsonl")), [], accept)).toMatchObject({ broken: null, records: 20 });
  for (const ending of [".csv", ".parquet"]) {
    expect(await exportLog(target(ending), source, noProgress, convert)).toMatchObject({ records: 20, continued: 0 });
    const rows = readTableRows(target(ending), EXPORT_TYPES);
    expect([ending, await verifyExport(rows, [], accept)]).toEqual([
      ending,
      expect.objectContaining({ broken: null, records: 20, erasedPayloads: 5 }),
    ]);
    await expect(stat(partialOf(target(ending)))).rejects.toThrow("ENOENT");
  }
});

test.each([
  ["at the end of a line", 0],
  ["in a line", 20],
  ["in the first line", Number.POSITIVE_INFINITY],
])("an interrupted export that was cut %s continues, and has each record once", async (_, cut) => {
  const records = chainOf(11);
  const { source, target } = await setUp(records);
  let pages = 0;
  const interrupted: ExportSource = {
    ...source,
    recordsAfter: async (sequence) => {
      if (++pages === 3) throw new Error("the connection was closed");
      return await source.recordsAfter(sequence);
    },
  };
  await expect(exportLog(target(".jsonl"), interrupted, noProgress)).rejects.toThrow("the connection was closed");
  const partial = partialOf(target(".jsonl"));
  const text = await readFile(partial, "utf8");
  await writeFile(partial, text.slice(0, Math.max(10, text.length - cut)));
  const { continued } = await exportLog(target(".jsonl"), source, noProgress);
  expect(continued).toBe(cut === 0 ? 6 : cut === 20 ? 5 : 0);
  expect(await verifyExport(readLines(target(".jsonl")), [], accept)).toMatchObject({ broken: null, records: 11 });
});

test("an export that was complete but not renamed continues with the new records", async () => {
  const records = chainOf(9);
  const { source, target } = await setUp(records);
  const first = await setUp(records.slice(0, 5));
  await exportLog(first.target(".jsonl"), first.source, noProgress);
  await writeFile(partialOf(target(".jsonl")), await readFile(first.target(".jsonl")));
  expect(await exportLog(target(".jsonl"), source, noProgress)).toMatchObject({ records: 9, continued: 5 });
  expect(await verifyExport(readLines(target(".jsonl")), [], accept)).toMatchObject({ broken: null, records: 9 });
});

test("an unfinished file of another log is not continued", async () => {
  const { source, target } = await setUp(chainOf(9));
  const other = await setUp(chainOf(5, "other"));
  await exportLog(other.target(".jsonl"), other.source, noProgress);
  await writeFile(partialOf(target(".jsonl")), await readFile(other.target(".jsonl")));
  await expect(exportLog(target(".jsonl"), source, noProgress)).rejects.toThrow(
    /^record 6 does not follow the last record of .*: the file is of another log, or the log was rewritten since; remove the file to begin again$/,
  );
});

test("a file that was cut, and a file that is not an export, are errors with a clear sentence", async () => {
  const { source, target } = await setUp(chainOf(9));
  await exportLog(target(".jsonl"), source, noProgress);
  const text = await readFile(target(".jsonl"), "utf8");
  const verifyText = async (changed: string) => {
    await writeFile(target(".jsonl"), changed);
    return await verifyExport(readLines(target(".jsonl")), [], accept);
  };
  const lines = text.split("\n");
  await expect(verifyText(`${lines.slice(0, 4).join("\n")}\n`)).rejects.toThrow("the file ends after record 4");
  await expect(verifyText(text.slice(0, text.indexOf("\n") + 40))).rejects.toThrow("line 2 of the file is not whole");
  await expect(verifyText("supplier_id,name\n")).rejects.toThrow("line 1 of the file is not whole");
  await expect(verifyText("")).rejects.toThrow("the file ends after record 0");
  await writeFile(target(".jsonl"), "");
  for (let i = 0; i < 3; i++) await appendFile(target(".jsonl"), "x".repeat(500_000));
  await expect(verifyExport(readLines(target(".jsonl")), [], accept)).rejects.toThrow("is not a JSONL export");
});
