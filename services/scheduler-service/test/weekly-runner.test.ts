import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { DriftKind, DriftOutcome, DriftReference, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ModelContractError, RunStoppedError, WeekCompleteError } from "../src/domain/scheduler-error.ts";
import type { Progress } from "../src/domain/weekly-run.ts";
import { createWeeklyRunner } from "../src/setup/create-weekly-runner.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

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

/** Returns a folder with a weekly file, its own ledger, and a runner that uses both and ml-service. */
async function setUp(csv: string, config: Parameters<typeof weeklyFolder>[0] = {}) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder(config));
  const input = folder.at("week.csv");
  await writeFile(input, csv);
  const ledger = stack.use(await startLedger());
  const settings = { ...folder.settings, mlUrl: ml.grpc, opsUrl: ledger.url };
  const runner = stack.use(await createWeeklyRunner(settings));
  const status: Progress[] = [];
  const run = (week = WEEK, file = input, signal = NEVER) => runner.run(week, file, signal, (now) => status.push(now));
  const runInChunks = async (chunkRows: number, signal = NEVER) => {
    using other = await createWeeklyRunner({ ...settings, chunkRows });
    return await other.run(WEEK, input, signal, (now) => status.push(now));
  };
  const read = (name: string) => readFile(path.join(runner.folderOf(WEEK), name), "utf8");
  return {
    folder,
    input,
    ledger,
    settings,
    run,
    runInChunks,
    read,
    status,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test("chunks contain the feature values that were scored, with the model's features", async () => {
  await using week = await setUp(weekCsv(10));
  const widths: number[] = [];
  const named: string[][] = [];
  week.ledger.onSubmit = ({ features, featureValues, supplierIds }) => {
    named.push(features.map(({ name }) => name));
    widths.push(featureValues.length / 4 / supplierIds.length);
  };
  await week.run();
  expect(named[0]).toContain("past_disputes");
  expect(widths).toEqual([named[0]?.length]);
});

test("a week with invalid rows completes, its counts add up and its report lists every supplier", async () => {
  await using week = await setUp(weekCsv(ROWS, { broken: 7 }));
  const { run, wasComplete } = await week.run();
  expect(wasComplete).toBe(false);
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsRead: 9_000n, rowsScored: 8_993n, rowsRejected: 7n });
  expect(run).toMatchObject({ chunksTotal: 3, modelName: "supplier-risk", model: { version: "v1" } });
  expect(week.status.at(-1)).toEqual({
    ...{ runId: Number(run.runId), stage: "report" },
    ...{ rowsRead: 9_000, rowsScored: 8_993, rowsRejected: 7 },
  });
  expect([...new Set(week.status.map((now) => now.stage))]).toEqual([
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
  expect(lines[1]).toMatch(/^S_7,S_7,south,,700,0\.\d+,(low|medium|high),\d,$/);
  const report = JSON.parse(await week.read("report.json"));
  expect(report).toMatchObject({ iso_week: WEEK, rows_read: 9_000, rows_scored: 8_993, rows_rejected: 7 });
  expect(report.rejected_when_reading.samples[0]).toMatchObject({ column: "avg_payment_delay_days", text: "soon" });
});

test("changed attributes are counted in report and notes", async () => {
  await using week = await setUp(weekCsv(90), { exposure: "past_disputes * 100 - 1" });
  const { notes } = await week.run();
  expect(notes).toContain("exposure of 10 suppliers: negative, made unknown");
  const report = JSON.parse(await week.read("report.json"));
  expect(report.changed_attributes).toEqual([{ attribute: "exposure", change: "negative, made unknown", rows: 10 }]);
});

test("a complete week is not run again, and a missing report is written again", async () => {
  await using week = await setUp(weekCsv(100));
  await week.run();
  const report = await week.read("report.json");
  expect(await week.run()).toMatchObject({ wasComplete: true });
  expect(week.ledger.duplicates).toEqual([]);
  await rm(path.join(week.folder.at("weeks"), "supplier-risk", WEEK, "report.json"));
  await week.run();
  expect(await week.read("report.json")).toBe(report);
});

test("an interrupted run continues at its first unfinished chunk, with the result of an uninterrupted run", async () => {
  await using week = await setUp(weekCsv(ROWS, { broken: 2 }));
  const gone = new AbortController();
  week.ledger.onSubmit = ({ chunk }) => {
    if (chunk === 0) return;
    gone.abort(new Error("killed"));
    // The last chunk may be in progress already: it must not arrive.
    if (chunk === 2) throw new Error("no room");
  };
  await expect(week.run(WEEK, week.input, gone.signal)).rejects.toThrow("killed");
  expect(week.ledger.run.state).toBe(RunState.RUNNING);
  const before = [...week.ledger.chunks.keys()];
  expect(before.length).toBeLessThan(3);

  // The file is removed while the run is stopped: the run uses the snapshot.
  await rm(week.input);
  const submitted: number[] = [];
  week.ledger.onSubmit = ({ chunk }) => submitted.push(chunk);
  const { run } = await week.run();
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsRead: 9_000n, rowsScored: 8_998n, rowsRejected: 2n });
  expect(submitted.filter((chunk) => before.includes(chunk))).toEqual([]);
  expect(week.status.at(-1)).toMatchObject({ rowsRead: 9_000, rowsScored: 8_998, rowsRejected: 2 });
  expect((await week.read("report.csv")).trimEnd().split("\n")).toHaveLength(8_999);
});

test("an interrupted run continues with the chunk size with which it began, and says that the setting differs", async () => {
  await using week = await setUp(weekCsv(ROWS));
  await week.runInChunks(4_096);
  const undisturbed = await week.read("report.csv");
  week.ledger.restore();
  await rm(path.join(week.folder.at("weeks"), "supplier-risk"), { recursive: true });

  const gone = new AbortController();
  week.ledger.onSubmit = ({ chunk }) => {
    if (chunk >= 3) gone.abort(new Error("killed"));
    if (chunk > 3) throw new Error("no room");
  };
  await expect(week.runInChunks(1_000, gone.signal)).rejects.toThrow("killed");
  const before = week.ledger.chunks.size;
  expect(before).toBeGreaterThanOrEqual(3);

  week.ledger.onSubmit = () => {};
  const { run, notes } = await week.runInChunks(2_000);
  expect(run).toMatchObject({ state: RunState.COMPLETE, chunkRows: 1_000, chunksTotal: 9, rowsScored: 9_000n });
  expect(notes).toContain(
    "continued with chunks of 1000 suppliers, with which the run began; the setting of 2000 (WEEKLY_CHUNK_ROWS) applies to the next run",
  );
  const ids = [...week.ledger.chunks.values()].flatMap(({ supplierIds }) => supplierIds);
  expect([ids.length, new Set(ids).size]).toEqual([ROWS, ROWS]);
  expect(await week.read("report.csv")).toBe(undisturbed);
  expect(JSON.parse(await week.read("report.json"))).toMatchObject({ chunks: 9, chunk_rows: 1_000 });

  const again = await week.runInChunks(2_000);
  expect([again.wasComplete, again.run.chunkRows, week.ledger.chunks.size]).toEqual([true, 1_000, 9]);
});

test("scores on disk of chunks of another size are not used, and none is left after the report", async () => {
  await using week = await setUp(weekCsv(ROWS));
  week.ledger.onSubmit = ({ chunk }) => {
    if (chunk === 3) throw new Error("no room");
  };
  await expect(week.runInChunks(2_000)).rejects.toThrow("ops-service rejects the call");
  // The ledger is restored to a time before the run; another machine then stores two chunks of another size.
  week.ledger.restore();
  week.ledger.onSubmit = ({ chunk }) => {
    if (chunk === 2) throw new Error("no room");
  };
  using elsewhere = await createWeeklyRunner({
    ...week.settings,
    weeksFolder: week.folder.at("elsewhere"),
    chunkRows: 3_000,
  });
  await expect(elsewhere.run(WEEK, week.input, NEVER, () => {})).rejects.toThrow("ops-service rejects the call");
  week.ledger.onSubmit = () => {};
  const { run } = await week.runInChunks(2_000);
  expect(run).toMatchObject({ state: RunState.COMPLETE, chunkRows: 3_000, chunksTotal: 3 });
  const lines = (await week.read("report.csv")).trimEnd().split("\n").slice(1);
  expect(new Set(lines.map((line) => line.split(",", 1)[0])).size).toBe(ROWS);
  expect(lines).toHaveLength(ROWS);
  const left = await readdir(path.join(week.folder.at("weeks"), "supplier-risk", WEEK));
  expect(left.filter((name) => name.startsWith("scores-"))).toEqual([]);
});

test("a file with more chunks than a run can have is an error that names the setting, which the next attempt may change", async () => {
  await using week = await setUp(weekCsv(32_769));
  await expect(week.runInChunks(1)).rejects.toThrow(
    "32769 suppliers do not fit into 32768 chunks of 1; run the week again with a larger WEEKLY_CHUNK_ROWS",
  );
  expect(week.ledger.run).toMatchObject({ state: RunState.FAILED, rowsScored: 0n });
  const { run } = await week.runInChunks(8_192);
  expect(run).toMatchObject({ state: RunState.COMPLETE, chunkRows: 8_192, chunksTotal: 5, rowsScored: 32_769n });
});

test("a run without stored chunks takes the size of its next attempt", async () => {
  await using week = await setUp(weekCsv(ROWS));
  week.ledger.onSubmit = () => {
    throw new Error("no room");
  };
  await expect(week.runInChunks(1_000)).rejects.toThrow("ops-service rejects the call");
  week.ledger.onSubmit = () => {};
  const { run, notes } = await week.runInChunks(5_000);
  expect(run).toMatchObject({ state: RunState.COMPLETE, chunkRows: 5_000, chunksTotal: 2 });
  expect(notes.filter((note) => note.includes("WEEKLY_CHUNK_ROWS"))).toEqual([]);
});

test("an unfinished week begins again with a corrected file, and reports it; the same file under another name continues", async () => {
  await using week = await setUp(weekCsv(9_000, { broken: 100 }));
  week.ledger.onSubmit = ({ chunk }) => {
    if (chunk === 2) throw new Error("no room");
  };
  await expect(week.run()).rejects.toThrow("ops-service rejects the call");
  expect(week.ledger.chunks.size).toBe(2);
  const renamed = week.folder.at("renamed.csv");
  await copyFile(week.input, renamed);
  await expect(week.run(WEEK, renamed)).rejects.toThrow("ops-service rejects the call");
  expect([week.ledger.chunks.size, week.ledger.duplicates]).toEqual([2, []]);

  const corrected = weekCsv(5_000);
  await writeFile(week.input, corrected);
  week.ledger.onSubmit = () => {};
  const { run, notes } = await week.run();
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsRead: 5_000n, rowsScored: 5_000n, rowsRejected: 0n });
  expect(run.sourceDigest).toBe(createHash("sha256").update(corrected).digest("hex"));
  expect(notes[0]).toMatch(
    /^started again from the beginning with .*week\.csv: an earlier attempt had another source or configuration/,
  );
  expect((await week.read("report.csv")).trimEnd().split("\n")).toHaveLength(5_001);
});

test("a complete week sent again with the same content is reported as complete; other content or configuration is rejected", async () => {
  const csv = weekCsv(100);
  await using week = await setUp(csv);
  const digest = (text: string) => createHash("sha256").update(text).digest("hex");
  const { run } = await week.run();
  expect(run.sourceDigest).toBe(digest(csv));
  const renamed = week.folder.at("renamed.csv");
  await copyFile(week.input, renamed);
  expect(await week.run(WEEK, renamed)).toMatchObject({ wasComplete: true });

  const other = weekCsv(101);
  await writeFile(renamed, other);
  const rejected = await week.run(WEEK, renamed).catch((error: unknown) => error);
  expect(rejected).toBeInstanceOf(WeekCompleteError);
  expect(String(rejected)).toContain(
    `2026-W47 is complete and was run with another source (SHA-256 ${digest(csv)}, now ${digest(other)}); nothing was replaced`,
  );
  await rm(renamed);
  await expect(week.run(WEEK, renamed)).rejects.toThrow("renamed.csv does not exist or cannot be read");

  const mapping = await readFile(week.folder.at("feature_mapping.yaml"), "utf8");
  await writeFile(week.folder.at("feature_mapping.yaml"), mapping.replace("past_disputes * 100", "past_disputes * 10"));
  using remapped = await createWeeklyRunner(week.settings);
  const message = String(await remapped.run(WEEK, week.input, NEVER, () => {}).catch((error: unknown) => error));
  expect(message).toContain(`another configuration (hash ${run.configHash}, now `);
  expect(message).not.toContain("another source");
  expect(week.ledger.duplicates).toEqual([]);
});

test("a complete week whose source was not recorded is not compared, and that is reported", async () => {
  await using week = await setUp(weekCsv(100));
  await week.run();
  Object.assign(week.ledger.run, { sourceDigest: "", configHash: "" });
  const { wasComplete, notes } = await week.run();
  expect(wasComplete).toBe(true);
  expect(notes[0]).toContain("the file was not compared with that of the run");
});

test("the run records the configuration with which it was mapped, beside that of its model", async () => {
  await using week = await setUp(weekCsv(100));
  const { run, notes } = await week.run();
  const { configHash } = await loadConfigPair(week.settings.modelConfig, week.settings.featureMapping);
  expect(run.configHash).toBe(configHash);
  expect(run.model?.configHash).not.toBe(configHash);
  expect(notes).toContain(
    `the configuration of the run (${configHash}) is not the one that supplier-risk v1 was trained with (${run.model?.configHash})`,
  );
  const report = JSON.parse(await week.read("report.json"));
  expect(report).toMatchObject({
    config_hash: configHash,
    source_digest: run.sourceDigest,
    rules_evaluated: true,
    notes,
  });
});

test("a configuration without the features of the model scores nothing", async () => {
  await using week = await setUp(weekCsv(100));
  for (const name of ["model_config.yaml", "feature_mapping.yaml"]) {
    const text = await readFile(week.folder.at(name), "utf8");
    const without = text.replace(/.*name: delivery_score.*\n/, "").replace(/, delivery_score(?=[,\]])/g, "");
    await writeFile(
      week.folder.at(name),
      without.replace(
        "{ name: past_disputes, kind: numeric, unit: units",
        "{ name: past_disputes, kind: numeric, unit: thousands",
      ),
    );
  }
  using runner = await createWeeklyRunner(week.settings);
  const failure = await runner.run(WEEK, week.input, NEVER, () => {}).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ModelContractError);
  expect(String(failure)).toContain('"delivery_score" is missing');
  expect(String(failure)).toContain(
    '"past_disputes" is in units in the model, in the configuration it is in thousands',
  );
  expect(week.ledger.run).toMatchObject({ state: RunState.FAILED, rowsScored: 0n });
});

test("a week whose file changes while it is read is not run", async () => {
  await using week = await setUp(weekCsv(100));
  const slow = week.folder.at("slow.csv");
  await copyFile(week.input, slow);
  await week.run();
  await using ledger = await startLedger();
  using runner = await createWeeklyRunner({
    ...week.settings,
    weeksFolder: week.folder.at("weeks2"),
    opsUrl: ledger.url,
  });
  ledger.onReport = () => appendFileSync(slow, "S_100,1,0.5,3,80,north\n");
  await expect(runner.run(WEEK, slow, NEVER, () => {})).rejects.toThrow("slow.csv changed while it was read");
  expect(ledger.chunks.size).toBe(0);
});

test("a fenced worker stops, and leaves the run to the other worker", async () => {
  await using week = await setUp(weekCsv(100));
  week.ledger.onSubmit = () => week.ledger.fence();
  await expect(week.run()).rejects.toThrow("another run of this week has taken over");
  expect(week.ledger.run.state).toBe(RunState.RUNNING);
  expect(week.ledger.chunks.size).toBe(0);
});

test("a single run that is stopped is marked as failed with what stopped it, and the same command continues it", async () => {
  await using week = await setUp(weekCsv(100));
  const stopping = new AbortController();
  week.ledger.onSubmit = () => {
    stopping.abort(new RunStoppedError("SIGTERM"));
    throw rpcError(Code.Unavailable, "SHUTTING_DOWN", "stopping");
  };
  const line = "stopped by SIGTERM; run the command again to continue";
  await expect(week.run(WEEK, week.input, stopping.signal)).rejects.toThrow(line);
  expect(week.ledger.run).toMatchObject({ state: RunState.FAILED, failure: line });
  week.ledger.onSubmit = () => {};
  expect((await week.run()).run.state).toBe(RunState.COMPLETE);
});

test("the error of a peer that answered does not say that it does not answer", async () => {
  await using week = await setUp(weekCsv(100));
  week.ledger.onSubmit = () => {
    throw rpcError(Code.ResourceExhausted, "OVERLOADED", "too many calls wait", { retryAfterMs: 1_500 });
  };
  await expect(week.run()).rejects.toMatchObject({
    message:
      "ops-service cannot take the call now (too many calls wait); when it can, the run continues where it stopped",
    answered: true,
    retryAfterMs: 1_500,
  });
});

test("drift is measured against the previous week, largest first", async () => {
  await using week = await setUp(weekCsv(2_000));
  const first = await week.run();
  expect(first.run.drift.flatMap(({ comparisons }) => comparisons).map(({ reference }) => reference)).not.toContain(
    DriftReference.PREVIOUS_WEEK,
  );
  const next = week.folder.at("next.csv");
  await writeFile(next, weekCsv(2_000, { delayBy: 30 }));
  await using ledger = await startLedger();
  ledger.completeWeeks.add(WEEK);
  using runner = await createWeeklyRunner({ ...week.settings, opsUrl: ledger.url });
  const { run, notes } = await runner.run("2026-W48", next, NEVER, () => {});
  const [delay] = run.drift;
  const score = run.drift.find(({ kind }) => kind === DriftKind.SCORE);
  expect(delay).toMatchObject({ feature: "avg_payment_delay_days", kind: DriftKind.NUMERIC });
  expect(delay?.psi).toBeGreaterThan(0.25);
  expect(delay?.comparisons[0]).toMatchObject({
    ...{ referenceWeek: WEEK, outcome: DriftOutcome.ALARM, referenceRows: 2_000n, presentRows: 2_000n },
    text: expect.stringMatching(/^avg_payment_delay_days rose by 2\.\d\d σ since 2026-W47 \(alarm\)$/),
  });
  expect(delay?.comparisons[0]?.bins.length).toBeGreaterThan(10);
  expect(score?.comparisons.map(({ reference }) => reference)).toContain(DriftReference.PREVIOUS_WEEK);
  expect(notes).toContain(`warning: drift: ${delay?.comparisons[0]?.text}`);
  expect(run.drift.find(({ feature }) => feature === "delivery_score")?.psi).toBeLessThan(0.01);
});

test("a file that cannot be run fails the run with its reason in one line", async () => {
  await using week = await setUp(weekCsv(0));
  await expect(week.run("2026-W54")).rejects.toThrow('"2026-W54" is not an ISO week: 2026 has the weeks W01 to W53');
  await expect(week.run(WEEK, week.folder.at("none.csv"))).rejects.toThrow(
    /none\.csv does not exist or cannot be read/,
  );
  expect(week.ledger.run.isoWeek).toBe("");
  await expect(week.run()).rejects.toThrow("the weekly file has a header and no rows: is the export finished?");
  expect(week.ledger.run).toMatchObject({ state: RunState.FAILED });
  using lonely = await createWeeklyRunner({ ...week.settings, opsUrl: "http://127.0.0.1:1" });
  await expect(lonely.run(WEEK, week.input, NEVER, () => {})).rejects.toThrow(
    "ops-service does not answer (connect ECONNREFUSED 127.0.0.1:1); when it answers again, the run continues where it stopped",
  );
});
