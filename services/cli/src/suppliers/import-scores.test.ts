import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  type ImportExternalScoresRequestSchema,
  ImportExternalScoresResponseSchema,
} from "@bellwether/gen/bellwether/ops/v1/external_score_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { importScoreFile } from "./import-scores.ts";

type Request = MessageInitShape<typeof ImportExternalScoresRequestSchema>;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-scores-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function importText(
  text: string,
  answer: (request: Request) => { rejected?: { row: number; message: string }[] } = () => ({}),
) {
  const file = path.join(folder, "scores.csv");
  await writeFile(file, text);
  const requests: Request[] = [];
  const options = { source: "rating", delimiter: ",", isDryRun: false, replaces: false };
  const report = await importScoreFile(file, options, async (request) => {
    requests.push(request);
    const { rejected = [] } = answer(request);
    return create(ImportExternalScoresResponseSchema, {
      stored: (request.rows?.length ?? 0) - rejected.length,
      rejected,
    });
  });
  return { report, requests };
}

test("rows are sent in requests of 1,000, and rejected rows have their line", async () => {
  const rows = Array.from({ length: 1_500 }, (_, i) => `S${i},${i % 100},2026-06-01`);
  const { report, requests } = await importText(
    `supplier_id,score,as_of\n${rows.join("\n")}\n`,
    ({ rows: sent = [] }) => ({
      rejected: sent.length === 500 ? [{ row: 0, message: "no supplier" }] : [],
    }),
  );
  expect(requests.map((request) => request.rows?.length)).toEqual([1_000, 500]);
  expect(report).toMatchObject({ rows: 1_500, stored: 1_499, rejected: 1 });
  expect(report.lines).toEqual([{ line: 1_002, supplierId: "S1000", message: "no supplier" }]);
});

test.each([
  ["no number", "S1,high,2026-06-01", "is not a number"],
  ["a decimal comma", 'S1,"1,5",2026-06-01', "is not a number"],
  ["an empty score", "S1,,2026-06-01", "is not a number"],
  ["NaN", "S1,NaN,2026-06-01", "is not a number"],
  ["a hexadecimal number", "S1,0x10,2026-06-01", "is not a number"],
  ["no supplier", ",1,2026-06-01", "has no supplier_id"],
  ["a missing cell", "S1,1", "has 2 cells"],
])("a row with %s is rejected with its line, and the others are sent", async (_what, row, message) => {
  const { report, requests } = await importText(`supplier_id,score,as_of\nS9,1,2026-06-01\n${row}\n`);
  expect(requests[0]?.rows).toEqual([{ supplierId: "S9", score: 1, asOf: "2026-06-01" }]);
  expect(report.lines).toEqual([expect.objectContaining({ line: 3, message: expect.stringContaining(message) })]);
});

test("of two rows about a supplier and day with different scores, the first counts; equal ones are both sent", async () => {
  const { report, requests } = await importText(
    "as_of,supplier_id,score\n2026-06-01,S1,1\n2026-06-01,S1,2\n2026-06-01,S1,1.0\n",
  );
  expect(requests[0]?.rows).toHaveLength(2);
  expect(report.lines).toEqual([{ line: 3, supplierId: "S1", message: expect.stringContaining("also in line 2") }]);
});

test.each(["supplier_id,score\n", "supplier_id,score,as_of,name\n", "", "id;score;as_of\n"])(
  "a file with the header %j is an error",
  async (text) => {
    await expect(importText(text)).rejects.toThrow(/scores\.csv/);
  },
);
