import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { NO_AZURE_CREDENTIALS } from "@bellwether/object-store/backends/azure-credentials";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { runNode } from "@bellwether/testing/node-process";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { installMoto, MOTO_ENV, type MotoServer, startMoto } from "@bellwether/testing/stores/moto-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { InputNotFoundError, WeekCompleteError } from "../src/domain/scheduler-error.ts";
import { createWeeklyRunner } from "../src/setup/create-weekly-runner.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 400_000 });

let registry = "";
let ml: ServiceProcess;
let moto: MotoServer | undefined;
let lake: ObjectStore;
let query = "";
beforeAll(async () => {
  for (const [name, value] of Object.entries(MOTO_ENV)) vi.stubEnv(name, value);
  const installed = await installMoto();
  if ("missing" in installed) return console.log(`S3 is not tested: ${installed.missing}`);
  moto = await startMoto(installed, "lake");
  query = `?endpoint=${moto.endpoint}`;
  lake = await openObjectStore(`s3://lake${query}`);
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-object-models-"));
  await publishDemoModel(registry);
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
});
afterAll(async () => {
  await ml?.[Symbol.asyncDispose]();
  await lake?.[Symbol.asyncDispose]();
  await moto?.[Symbol.asyncDispose]();
  if (registry !== "") await rm(registry, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const NEVER = new AbortController().signal;
const WEEK = "2026-W47";

async function setUp() {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder());
  const ledger = stack.use(await startLedger());
  const stores = {
    ...{ azure: NO_AZURE_CREDENTIALS, inputMaxBytes: 10_000_000, inputReadMs: 60_000 },
    resultsUrl: `s3://lake/results${query}`,
  };
  const runner = stack.use(
    await createWeeklyRunner({ ...folder.settings, mlUrl: ml.grpc, opsUrl: ledger.url, stores }),
  );
  return {
    ledger,
    run: (input: string) => runner.run(WEEK, input, NEVER, () => {}),
    check: (input: string) => runner.check(WEEK, input, NEVER),
    report: async () => JSON.parse(await readFile(path.join(runner.folderOf(WEEK), "report.json"), "utf8")),
    copies: () => readdir(folder.at("weeks/.input")).catch(() => []),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test("a week is read from an object, and its files are stored, with the entity tag in the record", async (context) => {
  if (!moto) return context.skip("moto is not installed");
  await using week = await setUp();
  const { etag, bytes } = await lake.put("in/week.csv", Buffer.from(weekCsv(100)));
  const url = `s3://lake/in/week.csv${query}`;
  const first = await week.run(url);
  expect(first.run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 100n });
  expect(first.notes).toContain(
    "snapshot and report are stored: s3://lake/results/supplier-risk/2026-W47/manifest.json",
  );
  expect(await week.report()).toMatchObject({ input: url, input_objects: [{ key: "in/week.csv", etag, bytes }] });
  // The ledger says what exact object was scored.
  const scored = { url: "s3://lake/in/week.csv", etag, bytes: BigInt(bytes) };
  expect(first.run.inputObjects).toMatchObject([scored]);
  const manifest = await lake.head("results/supplier-risk/2026-W47/manifest.json");

  expect(await week.copies()).toEqual([]);

  // The same object again: nothing is copied and nothing is written.
  expect(await week.run(url)).toMatchObject({ wasComplete: true });
  expect(await lake.head("results/supplier-risk/2026-W47/manifest.json")).toEqual(manifest);

  await lake.put("in/week.csv", Buffer.from(weekCsv(100, { delayBy: 1 })));
  await expect(week.run(url)).rejects.toThrow(WeekCompleteError);
  expect(await week.copies()).toEqual([]);
});

test("an object and a folder of objects are checked without a run, and no copy of them remains", async (context) => {
  if (!moto) return context.skip("moto is not installed");
  await using week = await setUp();
  await lake.put("check/week.csv", Buffer.from(weekCsv(50, { broken: 1 })));
  const url = `s3://lake/check/week.csv${query}`;
  expect(await week.check(url)).toMatchObject({ outcome: "published", suppliers: 49, rowsRejected: 1 });
  expect(await week.check(`s3://lake/check/${query}`)).toMatchObject({ outcome: "published", suppliers: 49 });
  await expect(week.check(`s3://lake/check/none.csv${query}`)).rejects.toThrow(InputNotFoundError);
  expect(await week.copies()).toEqual([]);
  expect([...week.ledger.startedWeeks]).toEqual([]);
});

test("a run that was interrupted continues without its object", async (context) => {
  if (!moto) return context.skip("moto is not installed");
  await using week = await setUp();
  await lake.put("in/gone.csv", Buffer.from(weekCsv(9_000)));
  const url = `s3://lake/in/gone.csv${query}`;
  week.ledger.onSubmit = ({ chunk }) => {
    if (chunk > 0) throw new Error("no room");
  };
  await expect(week.run(url)).rejects.toThrow();
  await lake.delete("in/gone.csv");
  week.ledger.onSubmit = () => {};
  expect((await week.run(url)).run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 9_000n });
});

test("an object that does not exist, and a bucket that does not exist, are one line each", async (context) => {
  if (!moto) return context.skip("moto is not installed");
  await using week = await setUp();
  await expect(week.run(`s3://lake/in/none.csv${query}`)).rejects.toThrow(InputNotFoundError);
  await expect(week.run(`s3://no-such-lake/in/x.csv${query}`)).rejects.toThrow(/^the weekly file cannot be [^\n]*$/);
  expect([...week.ledger.startedWeeks]).toEqual([]);
});

test("the program for one week rejects a URL with a secret, and writes nothing of it", async () => {
  await using folder = await weeklyFolder();
  const ended = await runNode(new URL("../src/once/main.ts", import.meta.url).pathname, {
    env: {
      ...process.env,
      ...{ WEEKLY_WEEK: WEEK, WEEKLY_INPUT: "s3://AKIAHIDDEN:hidden/secret@lake/in/week.csv" },
      BELLWETHER_MODEL_CONFIG: folder.settings.modelConfig,
      BELLWETHER_FEATURE_MAPPING: folder.settings.featureMapping,
      BELLWETHER_RISK_POLICY: new URL("../../../config/risk_policy.yaml", import.meta.url).pathname,
      BELLWETHER_DATA_DIR: folder.at("data"),
    },
  });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain("a URL must not contain credentials");
  expect(ended.stdout + ended.stderr).not.toMatch(/hidden/i);
});
