import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWeeklyRunner } from "../src/setup/create-weekly-runner.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

let registry = "";
let ml: ServiceProcess;
beforeAll(async () => {
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-broken-models-"));
  await publishDemoModel(registry);
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
});
afterAll(async () => {
  await ml?.[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

const WEEK = "2026-W47";
const NEVER = new AbortController().signal;

async function setUp() {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder());
  const ledger = stack.use(await startLedger());
  const runner = stack.use(await createWeeklyRunner({ ...folder.settings, mlUrl: ml.grpc, opsUrl: ledger.url }));
  const run = (input: string) => runner.run(WEEK, input, NEVER, () => {});
  /** Returns what `weekly check` says against a run. */
  const check = async (input: string): Promise<string> => {
    const found = await runner.check(WEEK, input, NEVER).catch((error: Error) => error.message);
    return typeof found === "string" ? found : found.failures.join("; ");
  };
  const left = () => readdir(runner.folderOf(WEEK)).catch(() => []);
  const report = async () => JSON.parse(await readFile(path.join(runner.folderOf(WEEK), "report.json"), "utf8"));
  return { at: folder.at, ledger, run, check, left, report, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** One line of each kind of error, with the reason that is expected. */
const BROKEN: readonly (readonly [line: string | Buffer, column: string | null, reason: string])[] = [
  ["B_1,1,0.5,soon,70,north", "avg_payment_delay_days", "not a number"],
  ["B_2,1,0.5,3,70", "region", "fewer than 6 values"],
  ["B_3,1,0.5,3,70,north,more", null, "more than 6 values"],
  ['"B_4"x,1,0.5,3,70,north', "supplier_id", "a quote that is not closed, or text after a closing quote"],
  [`B_6,1,0.5,3,70,${"x".repeat(3 * 2 ** 20)}`, null, "2097152 bytes"],
  ["B_7,1,0.5,5000,70,north", "avg_payment_delay_days", "outside the physical range 0 to 1000"],
  ["B_8,1,0.5,3,1e999,north", "delivery_score", "not a number"],
  ["S_1,1,0.5,3,70,north", "supplier_id", "a second row of the same supplier"],
  [`${"B".repeat(129)},1,0.5,3,70,north`, "supplier_id", "longer than 128 bytes"],
  [",1,0.5,3,70,north", "supplier_id", "empty"],
  ['"",1,0.5,3,70,north', "supplier_id", "empty"],
  ["B_\0,1,0.5,3,70,north", null, "a NUL byte"],
  [`B_9${",1".repeat(1_000_000)}`, null, "more than 6 values"],
  [`B_10,1,0.5,3,70,"${"y".repeat(10_000_000)}"`, null, "2097152 bytes"],
  ['"B_open,1,0.5,3,70,north', "supplier_id", "a quote that is not closed, or text after a closing quote"],
];

test("a file with invalid rows of every kind is scored without them, and each is counted with its reason", async () => {
  await using week = await setUp();
  const input = week.at("week.csv");
  const lines = BROKEN.map(([line]) => Buffer.concat([Buffer.from(line), Buffer.from("\n")]));
  await writeFile(input, Buffer.concat([Buffer.from(weekCsv(1_000)), ...lines]));
  const { run } = await week.run(input);
  const [read, rejected] = [BigInt(1_000 + BROKEN.length), BigInt(BROKEN.length)];
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsRead: read, rowsScored: 1_000n, rowsRejected: rejected });
  const { samples } = (await week.report()).rejected_when_reading;
  for (const [, column, reason] of BROKEN)
    expect(samples).toContainEqual(
      expect.objectContaining({ ...(column && { column }), reason: expect.stringContaining(reason) }),
    );
});

const HEADER = weekCsv(0);
test.each<[string, string | Buffer, string]>([
  ["an empty file", "", "it is empty; a line with the column names is expected"],
  ["a header alone", HEADER, "the weekly file has a header and no rows: is the export finished?"],
  ["another header", weekCsv(3).replace("past_disputes", "disputes"), 'it has no column "past_disputes"'],
  [
    "a column twice",
    HEADER.replace("region", "supplier_id"),
    'it has column "supplier_id" twice (columns 1 and 6; rename one of them in the file)',
  ],
  [
    "a column twice, in two forms",
    HEADER.replace("region", "supplier_id "),
    'it has columns 1 and 6 that differ only in spaces, invisible characters or Unicode form ("supplier_id" and "supplier_id "; rename one of them in the file)',
  ],
  ["bzip2 under a CSV name", "BZh91AY&SY", "it is bzip2 data; unpack it, or pack it as gzip or zstandard"],
  ["noise", randomBytes(100_000), "line "],
  ["another encoding", Buffer.from(weekCsv(300).replace("north", "f\xfcr"), "latin1"), "set encoding: windows-1252"],
  [
    "a header with a million columns",
    `${HEADER.trim()}${",c".repeat(1_000_000)}\n`,
    "its first line does not end within",
  ],
  ["Parquet", "PAR1\x15\x04", "it is Parquet; set format: parquet"],
  ["a line that does not end", `${HEADER.trim()}${"x".repeat(2 ** 20)}`, "its first line does not end within"],
  ["UTF-16", Buffer.from(`\uFEFF${weekCsv(3)}`, "utf16le"), "it looks like utf-16; set encoding: utf-16"],
  ["mostly broken rows", weekCsv(10, { broken: 6 }), "6 of 10 rows would be rejected, more than the limit"],
])("%s fails the run with one line and leaves no files that affect the next run", async (_what, content, reason) => {
  await using week = await setUp();
  const input = week.at("week.csv");
  await writeFile(input, content);
  // A file that was written just now is looked at twice.
  await utimes(input, 0, 0);
  const checked = await week.check(input);
  expect(checked).toContain(reason);
  expect(checked).not.toContain("\n");
  expect([...week.ledger.startedWeeks]).toEqual([]);
  const error = await week.run(input).catch((failure: Error) => failure);
  expect(String(error)).toContain(reason);
  expect(String(error)).not.toContain("\n");
  expect(week.ledger.run).toMatchObject({ state: RunState.FAILED, failure: expect.stringContaining(reason) });
  await writeFile(input, weekCsv(30));
  expect((await week.run(input)).run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 30n });
  expect((await week.left()).sort()).toEqual([
    "drift.json",
    "ingest.json",
    "report.csv",
    "report.json",
    "snapshot.parquet",
  ]);
});

test("a check says of broken files what the run says, and starts no run", async () => {
  await using week = await setUp();
  for (const [content, reason] of [
    ["", "it is empty; a line with the column names is expected"],
    [HEADER, "the weekly file has a header and no rows: is the export finished?"],
    [Buffer.from(`\uFEFF${weekCsv(3)}`, "utf16le"), "it looks like utf-16; set encoding: utf-16"],
  ] as const) {
    const input = week.at("week.csv");
    await writeFile(input, content);
    // A file that was written just now would be looked at twice.
    await utimes(input, 0, 0);
    const checked = await week.check(input);
    expect(checked).toContain(reason);
    expect(checked).not.toContain("\n");
  }
  expect([...week.ledger.startedWeeks]).toEqual([]);
  expect(await week.left()).toEqual([]);
});

test("gzip under a CSV name is read, and run and report say so", async () => {
  await using week = await setUp();
  await writeFile(week.at("week.csv"), gzipSync(weekCsv(30)));
  const { run, notes } = await week.run(week.at("week.csv"));
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 30n });
  expect(notes).toContain("week.csv: it was read as gzip");
  expect((await week.report()).sources[0].notes).toEqual(["it was read as gzip"]);
});

test("a pipe, a folder without the file and damaged gzip are rejected with one line", async () => {
  await using week = await setUp();
  execFileSync("mkfifo", [week.at("pipe.csv")]);
  await mkdir(week.at("folder"));
  await writeFile(week.at("week.csv.gz"), gzipSync(weekCsv(3)).subarray(0, 40));
  for (const [input, reason] of [
    [week.at("pipe.csv"), "it is not a regular file"],
    [week.at("folder"), "the file does not exist; put it there, or correct its name"],
    [week.at("week.csv.gz"), "it is damaged or incomplete gzip data"],
    ["/dev/zero", "it is not a regular file"],
  ] as const) {
    const error = await week.run(input).catch((failure: Error) => failure);
    expect(String(error)).toContain(reason);
    expect(String(error)).not.toContain("\n");
  }
  expect(await week.left()).toEqual([]);
});
