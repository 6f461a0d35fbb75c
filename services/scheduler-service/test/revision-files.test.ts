import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { BatchRunSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWeeklyRunner } from "../src/setup/create-weekly-runner.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

let registry = "";
let ml: ServiceProcess;
beforeAll(async () => {
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-revision-models-"));
  await publishDemoModel(registry);
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
}, 60_000);
afterAll(async () => {
  await ml[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

const WEEK = "2026-W47";
const NEVER = new AbortController().signal;

/** Completes a week of 100 suppliers, and begins a revision with a file of 90. */
async function reviseWeek() {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder());
  const input = folder.at("week.csv");
  const ledger = stack.use(await startLedger());
  const settings = { ...folder.settings, mlUrl: ml.grpc, opsUrl: ledger.url };
  const runOn = async (machine: string) => {
    using runner = await createWeeklyRunner({ ...settings, weeksFolder: folder.at(machine) });
    return await runner.run(WEEK, input, NEVER, () => {});
  };
  const at = (name = ""): string => path.join(folder.at("weeks"), "supplier-risk", WEEK, name);
  await writeFile(input, weekCsv(100));
  await runOn("weeks");
  ledger.supersede();
  await writeFile(input, weekCsv(90));
  return {
    ...{ input, ledger, at, runOn, run: () => runOn("weeks") },
    report: async () => JSON.parse(await readFile(at("report.json"), "utf8")),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test("a process that is killed after the completion of a revision leaves its report to the next one", async () => {
  await using week = await reviseWeek();
  week.ledger.onComplete = () => {
    throw rpcError(Code.Unavailable, "SHUTTING_DOWN", "the answer is lost");
  };
  await expect(week.run()).rejects.toThrow("the answer is lost");
  expect(await week.report()).toMatchObject({ run_id: 1, rows_read: 100 });
  expect(await week.run()).toMatchObject({ wasComplete: true, run: { runId: 2 } });
  expect(await week.report()).toMatchObject({ run_id: 2, revision: 2, rows_read: 90, rows_scored: 90 });
  expect((await readFile(week.at("report.csv"), "utf8")).trimEnd().split("\n")).toHaveLength(91);
});

test("a complete week says again which rows were rejected, and which suppliers have no score", async () => {
  await using week = await reviseWeek();
  await writeFile(week.input, `${weekCsv(90, { broken: 2 })}S_a,,,,,\n`);
  const first = await week.run();
  expect(first).toMatchObject({ wasComplete: false, rejected: [{ rows: 2 }] });
  // The ledger of this test counts no bands.
  week.ledger.run.bands = create(BatchRunSchema, { bands: [{ band: Band.UNKNOWN, rows: 1n }] }).bands;
  const again = await week.run();
  expect(again).toMatchObject({ wasComplete: true, rejected: first.rejected });
  const reported = first.notes.filter((note) => /^(rejected|no score)/.test(note));
  expect(reported).toHaveLength(2);
  expect(again.notes).toEqual(expect.arrayContaining(reported));
  // Another machine has no files of the run.
  expect(await week.runOn("another machine")).toMatchObject({ wasComplete: true, rejected: [] });
});

test("a machine with the files of the first revision does not report them as those of the second", async () => {
  await using week = await reviseWeek();
  await week.runOn("another machine");
  expect(await week.run()).toMatchObject({ wasComplete: true, run: { runId: 2 } });
  expect(await week.report()).toMatchObject({ run_id: 2, rows_read: 90, input: null, sources: null });
  expect(await readdir(week.at())).not.toContain("report.csv");
});

test("scores that a killed process left of the first revision are removed before the second one is scored", async () => {
  await using week = await reviseWeek();
  await writeFile(week.at("scores-4096-00001.csv"), "S_1,,,,,0.5,medium,0,\n");
  week.ledger.onSubmit = () => {
    throw new Error("no room");
  };
  await expect(week.run()).rejects.toThrow("ops-service rejects the call");
  expect((await readdir(week.at())).filter((name) => name.startsWith("scores-"))).not.toContain(
    "scores-4096-00001.csv",
  );
});
