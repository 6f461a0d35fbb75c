import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { startService } from "@bellwether/testing/service-process";
import { installPythonClient, PYTHON } from "../tests/interop/python-client.ts";
import { type Bench, type BenchContext, type Metric, metric } from "./metric.ts";
import { median } from "./statistics.ts";

const ROWS = 100_000;
const PAIRS = 7;
const ROOT = path.resolve(import.meta.dirname, "..");
const SCRIPT = path.join(ROOT, "clients/python/bench.py");
const run = promisify(execFile);

interface Pair {
  /** PredictBatch without a DataFrame, rows per second. */
  readonly raw: number;
  /** Client.explain, rows per second. */
  readonly explain: number;
}

/**
 * Measures how much of the speed of PredictBatch with contributions is left when a DataFrame is sent and the answer is a
 * DataFrame: with the demo's model of 16 features and a text, and with one of 5 features, of which the service scores so
 * many rows per second that the client's part is larger.
 */
export const bench: Bench = async (context) => {
  const reason = installPythonClient();
  if (reason !== undefined)
    return [metric({ name: "python.demo", value: null, unit: "ratio", better: "higher", reason })];
  return [
    ...(await measure("python.demo", publishModelOfDemo, context, 0.7)),
    ...(await measure("python.small", publishDemoModel, context)),
  ];
};

async function measure(
  name: string,
  publish: (registry: string) => Promise<unknown>,
  { log }: BenchContext,
  gate?: number,
): Promise<Metric[]> {
  const registry = mkdtempSync(path.join(os.tmpdir(), "bellwether-bench-python-"));
  try {
    await publish(registry);
    await using ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
    const { stdout } = await run(PYTHON, [SCRIPT, ml.web, String(ROWS), String(PAIRS)]);
    const pairs: readonly Pair[] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const { raw, explain } of pairs)
      log(`${name}: raw ${Math.round(raw)} rows/s, explain ${Math.round(explain)} rows/s`);
    const speed = (of: keyof Pair) =>
      metric({
        name: `${name}.${of}`,
        value: median(pairs.map((pair) => pair[of])),
        unit: "rows/s",
        better: "higher",
      });
    const value = median(pairs.map(({ raw, explain }) => explain / raw));
    const peer = "raw PredictBatch of the same rows";
    const ratio = { name: `${name}.explain÷raw`, value, unit: "ratio", better: "higher" as const, peer };
    return [speed("raw"), speed("explain"), metric(gate === undefined ? ratio : { ...ratio, gate })];
  } finally {
    rmSync(registry, { recursive: true, force: true });
  }
}

/** Trains the model of config/ on demo data, as `npm start` does, and publishes it. */
async function publishModelOfDemo(registry: string): Promise<void> {
  const data = path.join(registry, ".data");
  const cli = (...args: string[]) =>
    run(process.execPath, [path.join(ROOT, "services/cli/bellwether.js"), ...args], {
      cwd: ROOT,
      env: { ...process.env, MODEL_REGISTRY_URL: `file:${registry}` },
    });
  await cli("demo", "--suppliers", "3000", "--transactions", "30000", "--output", data);
  await cli("train", "--data", data, "--publish");
}
