import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Progress } from "./domain/weekly-run.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";
import { createWeeklyRunner } from "./weekly-runner.ts";

let registry = "";
let ml: ServiceProcess;
beforeAll(async () => {
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-weekly-models-"));
  await publishDemoModel(registry);
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
});
afterAll(async () => {
  await ml[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

const NEVER = new AbortController().signal;
const WEEK = "2026-W47";
const ROWS = 9_000;

/** A folder with a weekly file, a ledger of its own, and a runner over both and ml-service. */
async function setUp(csv: string) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder());
  const input = folder.at("week.csv");
  await writeFile(input, csv);
  const ledger = stack.use(await startLedger());
  const settings = { ...folder.settings, mlUrl: ml.grpc, opsUrl: ledger.url };
  const runner = stack.use(await createWeeklyRunner(settings));
  const news: Progress[] = [];
  const run = (week = WEEK, file = input, signal = NEVER) => runner.run(week, file, signal, (now) => news.push(now));
  const read = (name: string) => readFile(path.join(runner.folderOf(WEEK), name), "utf8");
  return { folder, input, ledger, settings, run, read, news, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test("a week with broken rows is complete, its counts add up and its report lists every supplier", async () => {
  await using week = await setUp(weekCsv(ROWS, { broken: 7 }));
  const { run, wasComplete } = await week.run();
  expect(wasComplete).toBe(false);
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsRead: 9_000n, rowsScored: 8_993n, rowsSetAside: 7n });
  expect(run).toMatchObject({ chunksTotal: 3, modelName: "supplier-risk", model: { version: "v1" } });
  expect(week.news.at(-1)).toEqual({ stage: "report", rowsRead: 9_000, rowsScored: 8_993, rowsSetAside: 7 });
  expect([...new Set(week.news.map((now) => now.stage))]).toEqual([
    "ingest",
    "validate",
    "score",
    "drift",
    "complete",
    "report",
  ]);
  const first = week.ledger.chunks.get(0);
  expect(first?.supplierIds).toHaveLength(4_096);
  expect(first).toMatchObject({ supplierIds: { 0: "S_7" }, supplierNames: { 0: "S_7" } });
  expect(first?.scores?.contributions.byteLength).toBe(4_096 * 4 * (first?.scores?.columnNames.length ?? 0));
  const lines = (await week.read("report.csv")).trimEnd().split("\n");
  expect(lines).toHaveLength(8_994);
  expect(lines[1]).toMatch(/^S_7,S_7,south,,700,0\.\d+,(LOW|MEDIUM|HIGH),\d,$/);
  const report = JSON.parse(await week.read("report.json"));
  expect(report).toMatchObject({ iso_week: WEEK, rows_read: 9_000, rows_scored: 8_993, rows_set_aside: 7 });
  expect(report.set_aside_when_reading.samples[0]).toMatchObject({ column: "avg_payment_delay_days", text: "soon" });
});

test("a complete week is not run again, and a lost report is written anew", async () => {
  await using week = await setUp(weekCsv(100));
  await week.run();
  const report = await week.read("report.json");
  expect(await week.run()).toMatchObject({ wasComplete: true });
  expect(week.ledger.duplicates).toEqual([]);
  await rm(path.join(week.folder.at("weeks"), "supplier-risk", WEEK, "report.json"));
  await week.run();
  expect(await week.read("report.json")).toBe(report);
});

test("a run that was cut short goes on at its first unfinished chunk, and ends as if it never was", async () => {
  await using week = await setUp(weekCsv(ROWS, { broken: 2 }));
  const gone = new AbortController();
  week.ledger.onSubmit = ({ chunk }) => {
    if (chunk === 0) return;
    gone.abort(new Error("killed"));
    // the last chunk may be on its way already: it must not arrive
    if (chunk === 2) throw new Error("no room");
  };
  await expect(week.run(WEEK, week.input, gone.signal)).rejects.toThrow("killed");
  expect(week.ledger.run.state).toBe(RunState.RUNNING);
  const before = [...week.ledger.chunks.keys()];
  expect(before.length).toBeLessThan(3);

  // The file changes meanwhile: the snapshot is what counts.
  await writeFile(week.input, weekCsv(10));
  const submitted: number[] = [];
  week.ledger.onSubmit = ({ chunk }) => submitted.push(chunk);
  const { run } = await week.run();
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsRead: 9_000n, rowsScored: 8_998n, rowsSetAside: 2n });
  expect(submitted.filter((chunk) => before.includes(chunk))).toEqual([]);
  expect(week.news.at(-1)).toMatchObject({ rowsRead: 9_000, rowsScored: 8_998, rowsSetAside: 2 });
  expect((await week.read("report.csv")).trimEnd().split("\n")).toHaveLength(8_999);
});

test("an unfinished week is not finished with another file", async () => {
  await using week = await setUp(weekCsv(100));
  week.ledger.onSubmit = () => {
    throw new Error("no room");
  };
  await expect(week.run()).rejects.toThrow("ops-service refuses");
  await expect(week.run(WEEK, week.folder.at("model_config.yaml"))).rejects.toThrow(
    /^2026-W47 was begun with .*week\.csv, not with .*model_config\.yaml; finish it with that file first$/,
  );
});

test("who is fenced off stops, and leaves the run to the other", async () => {
  await using week = await setUp(weekCsv(100));
  week.ledger.onSubmit = () => week.ledger.fence();
  await expect(week.run()).rejects.toThrow("another worker has taken the run over");
  expect(week.ledger.run.state).toBe(RunState.RUNNING);
  expect(week.ledger.chunks.size).toBe(0);
});

test("drift is measured against the week before, largest first", async () => {
  await using week = await setUp(weekCsv(2_000));
  expect((await week.run()).run.drift).toEqual([]);
  const next = week.folder.at("next.csv");
  await writeFile(next, weekCsv(2_000, { delayBy: 30 }));
  await using ledger = await startLedger();
  using runner = await createWeeklyRunner({ ...week.settings, opsUrl: ledger.url });
  const { run } = await runner.run("2026-W48", next, NEVER, () => {});
  expect(run.drift[0]?.feature).toBe("avg_payment_delay_days");
  expect(run.drift[0]?.psi).toBeGreaterThan(0.25);
  expect(run.drift[1]?.psi).toBeLessThan(0.01);
});

test("what cannot be run says why in one line and fails the run", async () => {
  await using week = await setUp(weekCsv(0));
  await expect(week.run("2026-W54")).rejects.toThrow('"2026-W54" is no ISO week: 2026 has the weeks W01 to W53');
  await expect(week.run(WEEK, week.folder.at("none.csv"))).rejects.toThrow(/none\.csv is not there or cannot be read/);
  expect(week.ledger.run.isoWeek).toBe("");
  await expect(week.run()).rejects.toThrow("the weekly file has no row that can be scored: 0 set aside");
  expect(week.ledger.run).toMatchObject({ state: RunState.FAILED });
  using lonely = await createWeeklyRunner({ ...week.settings, opsUrl: "http://127.0.0.1:1" });
  await expect(lonely.run(WEEK, week.input, NEVER, () => {})).rejects.toThrow(
    "ops-service does not answer (connect ECONNREFUSED 127.0.0.1:1); once it does, the run goes on where it stopped",
  );
});
