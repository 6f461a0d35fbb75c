import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { DEMO_FEATURES, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { spawnNode } from "@bellwether/testing/node-process";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { outsideCalls } from "./outside-calls.ts";

/** Whether a process can run under strace. Containers may forbid tracing. */
const hasStrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
const ROOT = path.resolve(import.meta.dirname, "../..");
const ENV = { PATH: process.env.PATH ?? "", BELLWETHER_AUDIT_SINK: "ops", OTEL_METRIC_EXPORT_INTERVAL: "1000" };

interface Watched extends AsyncDisposable {
  readonly web: string;
  readonly trace: string;
  /** Returns what the process wrote to stdout and stderr. */
  readonly output: () => string;
}

let folder = "";
let cluster: PostgresCluster;
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-network-"));
  await publishDemoModel(path.join(folder, "models"), 1);
  cluster = await startPostgresCluster();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a service under strace, with its own environment and a home folder that cannot be written. */
async function watch(name: string, label: string, env: Record<string, string>, ...preload: string[]): Promise<Watched> {
  const trace = path.join(folder, `${label}.strace`);
  const main = createRequire(import.meta.url).resolve(`@bellwether/${name}/main`);
  const prefix = name.toUpperCase().replace("-", "_");
  const ports = Object.fromEntries(["GRPC", "WEB", "ADMIN"].map((each) => [`${prefix}_${each}_PORT`, "0"]));
  const data = path.join(folder, label);
  mkdirSync(data, { recursive: true });
  const started = spawnNode(main, {
    // With -D the child process is the service itself, and strace is one of its descendants.
    launcher: ["strace", "-D", "-f", "-qq", "-e", "trace=%network,openat", "-o", trace],
    execArgv: preload,
    // The runtime's telemetry, where it is on, writes into the working folder.
    cwd: name === "ml-service" ? folder : ROOT,
    env: { ...ENV, ...ports, HOME: "/proc/none", BELLWETHER_DATA_DIR: data, ...env },
    ...({ stdout: "collect", stderr: "collect", ipc: false } as const),
  });
  const output = () => started.output() + started.errors();
  const web = await vi.waitFor(
    () => {
      if (started.child.exitCode !== null) throw new Error(`${name} ended: ${output()}`);
      const address = /"web":"([^"]+)"/.exec(output())?.[1];
      if (address === undefined) throw new Error(`${name} does not listen yet: ${output()}`);
      return `http://${address}`;
    },
    { timeout: 60_000, interval: 50 },
  );
  return { web, trace, output, [Symbol.asyncDispose]: started[Symbol.asyncDispose] };
}

async function post(web: string, rpc: string, body: object): Promise<number> {
  const answer = await fetch(`${web}/bellwether.${rpc}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Scores one supplier in the main thread and a batch in a scoring thread. */
async function score({ web }: Watched): Promise<void> {
  const { features, categories } = demoSupplier(1);
  const supplier = { supplierId: "S_1", features, categories };
  await vi.waitFor(
    async () => expect(await post(web, "inference.v1.InferenceService/Predict", { supplier })).toBe(200),
    { timeout: 60_000, interval: 100 },
  );
  const values = new Float32Array(DEMO_FEATURES.map((name) => features[name] ?? 0));
  const batch = {
    supplierIds: ["S_1"],
    featureNames: DEMO_FEATURES,
    values: Buffer.from(values.buffer).toString("base64"),
  };
  expect(await post(web, "inference.v1.InferenceService/PredictBatch", batch)).toBe(200);
}

test.skipIf(!hasStrace)(
  "no service resolves or connects to an outside address, and ml-service would without its telemetry setting",
  { timeout: 240_000 },
  async () => {
    const database = await cluster.createDatabase();
    const queue = await cluster.createDatabase();
    const models = { MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}` };
    await using ops = await watch("ops-service", "ops", { DATABASE_URL: database });
    await using scheduler = await watch("scheduler-service", "scheduler", { ...models, DATABASE_URL: queue });
    await using ml = await watch("ml-service", "ml", models);
    // This process starts last: when its outside call is seen, the others have had more time for theirs.
    const preload = path.join(import.meta.dirname, "telemetry-left-on.mjs");
    await using removed = await watch("ml-service", "removed", models, "--import", preload);
    for (const each of [ml, removed]) await score(each);
    expect(await post(ops.web, "ops.v1.BatchService/ListRuns", {})).toBe(200);
    expect(await post(scheduler.web, "schedule.v1.ScheduleService/ListSchedules", {})).toBe(200);

    await vi.waitFor(() => expect(outsideCalls(removed.trace).join("\n")).toMatch(/htons\(53\)/), {
      timeout: 120_000,
      interval: 500,
    });
    for (const { trace } of [ops, scheduler, ml]) expect(outsideCalls(trace)).toEqual([]);

    const strangeLines = ({ output }: Watched): string[] =>
      output()
        .split("\n")
        .filter((line) => line !== "" && !isJson(line));
    for (const each of [ops, scheduler, ml]) expect(strangeLines(each)).toEqual([]);
    expect(strangeLines(removed).join("\n")).toContain("telemetry");
  },
);

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
