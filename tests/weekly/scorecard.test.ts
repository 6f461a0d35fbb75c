import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { loadScorecard } from "@bellwether/config/scorecard";
import type { ScorecardSpec } from "@bellwether/config/scorecard-spec";
import { CounterfactualOutcome } from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { Band, ExplanationKind, OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ModelRegistryService, VersionOrigin } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { runNode } from "@bellwether/testing/node-process";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ROOT = path.resolve(import.meta.dirname, "../..");
const CLI = path.join(ROOT, "services/cli/bellwether.js");
const WEEK = "2026-W47";
const running = new AsyncDisposableStack();
let folder = "";
let ml: ServiceProcess;
let ops: ServiceProcess;
let scorecard: ScorecardSpec;
/** Value of one point in the model's output. */
let unit = 0;

const at = (name: string): string => path.join(folder, name);

/** Runs a command with --json in the repository, with the registry of this test. */
async function command<T>(...args: readonly string[]): Promise<T> {
  const env = {
    ...PROCESS_ENV,
    MODEL_REGISTRY_URL: `file:${at("models")}`,
    BELLWETHER_DATA_DIR: at("data"),
    USER: "jane.doe",
  };
  const { code, stdout, stderr } = await runNode(CLI, { args: [...args, "--json"], cwd: ROOT, env });
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-scorecard-"));
  running.defer(() => rm(folder, { recursive: true, force: true }));
  await command("demo", "--suppliers", "600", "--transactions", "900", "--seed", "5", "--output", at("demo"));
  const pair = await loadConfigPair(
    path.join(ROOT, "config/model_config.yaml"),
    path.join(ROOT, "config/feature_mapping.yaml"),
  );
  scorecard = await loadScorecard(path.join(ROOT, "config/scorecard.yaml"), pair.model);
});
afterAll(() => running.disposeAsync());

const channel = (service: ServiceProcess) => createGrpcTransport({ baseUrl: service.grpc });

/** A supplier whose points are easy to count: 24, 10, 10, 3, missing 2, 10, 4, 0, 3. */
const SUPPLIER = {
  supplierId: "ACME",
  features: {
    ...{
      financial_stability_index: 0.19,
      avg_payment_delay_days: 31,
      late_ratio: 0.25,
      delivery_score: 84,
      past_disputes: 5,
    },
    ...{ dispute_rate: 0.02, clause_risk_score: 39.5, relationship_years: 1, annual_spend: 1e6 },
  },
};
const POINTS: Readonly<Record<string, number>> = {
  ...{
    financial_stability_index: 24,
    avg_payment_delay_days: 10,
    late_ratio: 10,
    delivery_score: 3,
    avg_delivery_quality: 2,
  },
  ...{ past_disputes: 10, dispute_rate: 4, clause_risk_score: 0, relationship_years: 3 },
};
const SUM = Object.values(POINTS).reduce((sum, points) => sum + points, 0);

test("a scorecard is published without labels, with what it says about the suppliers of today", async () => {
  const published = await command<{
    version: string;
    alias: string;
    output_per_point: number;
    suppliers: { rows: number; bands: Record<string, number>; mean_probability: number };
  }>("scorecard", "publish", "--input", at("demo/new_data_weekly.csv"));
  expect(published).toMatchObject({
    version: "v1",
    alias: "champion",
    published: true,
    suppliers: { rows: 600, rejected: 0 },
  });
  const { bands, mean_probability: mean } = published.suppliers;
  expect((bands.low ?? 0) + (bands.medium ?? 0) + (bands.high ?? 0)).toBe(600);
  expect(bands.high).toBeGreaterThan(0);
  expect(mean).toBeGreaterThan(0.05);
  expect(mean).toBeLessThan(0.2);
  unit = published.output_per_point;
  expect(await command("scorecard", "publish", "--input", at("demo/new_data_weekly.csv"))).toMatchObject({
    version: "v1",
    published: false,
  });
});

test("explain shows the points of each contribution", async () => {
  const given = JSON.stringify({ supplier_id: SUPPLIER.supplierId, ...SUPPLIER.features });
  const explained = await command<{ output_per_point: number; margin: number }>("explain", "--input", given);
  expect(explained).toMatchObject({ output_per_point: unit, margin: SUM * unit });
  const { stdout } = await runNode(CLI, {
    args: ["explain", "--input", given],
    ...{ cwd: ROOT, env: { ...PROCESS_ENV, MODEL_REGISTRY_URL: `file:${at("models")}` } },
  });
  expect(stdout).toContain("base value 0.0000: 0 points");
  expect(stdout).toContain("financial_stability_index = 0.19: +24 points");
  expect(stdout).toContain(": +66 points  →");
});

test("it is served: Predict, Explain whose contributions are the points, and Counterfactual", async () => {
  const cluster = running.use(await startPostgresCluster());
  ops = running.use(await startService("ops-service", { DATABASE_URL: await cluster.createDatabase() }));
  ml = running.use(await startService("ml-service", { MODEL_REGISTRY_URL: `file:${at("models")}` }));
  const inference = createClient(InferenceService, channel(ml));
  const { score } = await inference.predict({ supplier: SUPPLIER });
  const odds = (0.005 / 0.995) * 2 ** (SUM / 10);
  expect(score).toMatchObject({ band: Band.MEDIUM, outputSpace: OutputSpace.MARGIN, margin: SUM * unit });
  expect(score?.riskScore).toBeCloseTo(odds / (1 + odds), 12);

  const parts = await Array.fromAsync(inference.explain({ supplier: SUPPLIER }));
  const base = parts.map(({ part }) => (part.case === "base" ? part.value : null)).find((part) => part !== null);
  const list = parts
    .map(({ part }) => (part.case === "contributions" ? part.value : null))
    .find((part) => part !== null);
  expect(base).toMatchObject({ kind: ExplanationKind.INTERVENTIONAL, baseValue: 0 });
  const contributions = list?.contributions ?? [];
  for (const { feature, contribution } of contributions)
    expect([feature, contribution / unit]).toEqual([feature, POINTS[feature] ?? 0]);
  expect(contributions.reduce((sum, { contribution }) => sum + contribution, base?.baseValue ?? Number.NaN)).toBe(
    SUM * unit,
  );

  const found = await inference.counterfactual({ supplier: SUPPLIER });
  expect(found.outcome).toBe(CounterfactualOutcome.FOUND);
  for (const { score } of found.counterfactuals) expect(score?.margin).toBeLessThan(scorecard.bands.medium * unit);

  const registry = createClient(ModelRegistryService, channel(ml));
  expect((await registry.listVersions({})).versions).toMatchObject([
    { version: "v1", origin: VersionOrigin.SCORECARD },
  ]);
});

test("a weekly run scores with it, counts suppliers without a score, and no note says that it has another configuration", async () => {
  const csv = (await readFile(at("demo/new_data_weekly.csv"), "utf8")).trimEnd();
  const columns = csv.slice(0, csv.indexOf("\n")).split(",").length;
  await writeFile(at("week.csv"), `${csv}\nNOTHING_KNOWN${",".repeat(columns - 1)}\n`);
  const options = ["--week", WEEK, "--input", at("week.csv"), "--ml", ml.grpc, "--ops", ops.grpc];
  const run = await command<{ notes: string[] }>("weekly", "run", ...options);
  expect(run).toMatchObject({
    iso_week: WEEK,
    model_version: "v1",
    rows_read: 601,
    rows_scored: 601,
    rows_without_score: 1,
    rows_rejected: 0,
  });
  expect(run.notes.join("\n")).not.toContain("configuration");
  const { run: stored } = await createClient(BatchService, channel(ops)).getRun({ isoWeek: WEEK });
  expect(stored).toMatchObject({ state: RunState.COMPLETE, rowsScored: 601n });
});

test("a model that is trained later is its challenger, and is compared with it on rows with labels and without", async () => {
  expect(await command("train", "--data", at("demo"), "--publish")).toMatchObject({
    version: "v2",
    alias: "challenger",
  });
  const evaluated = await command<{ against: { version: string; valid: boolean }; warnings: string[] }>(
    ...["evaluate", "--data", at("demo"), "--model-version", "challenger", "--against", "champion"],
  );
  expect(evaluated.warnings).toEqual([]);
  expect(evaluated.against.version).toBe("v1");
  const compared = await command<{ rows: number }>(
    ...["models", "compare", "champion", "challenger", "--input", at("demo/new_data_weekly.csv")],
  );
  expect(compared.rows).toBe(600);
});

test("a scorecard with gaps and overlaps is not published: every violation with its line, and exit code 2", async () => {
  const text = await readFile(path.join(ROOT, "config/scorecard.yaml"), "utf8");
  const broken = text
    .replace("{ from: 15, to: 30, points: 5 }", "{ from: 15, to: 25, points: 5 }")
    .replace("{ from: 0.1, to: 0.25, points: 5 }", "{ from: 0.05, to: 0.25, points: 5 }")
    .replace("  - name: past_disputes", "  - name: past_dispute");
  const line = (found: string): number => broken.split("\n").findIndex((each) => each.includes(found)) + 1;
  await writeFile(at("broken.yaml"), broken);
  const message = await command("scorecard", "publish", "--scorecard", at("broken.yaml")).then(
    () => "published",
    (error: Error) => error.message,
  );
  expect(message).toContain("ended with 2");
  expect(message).toContain(`broken.yaml:${line("{ from: 30, to: 60, points: 10 }")}:`);
  expect(message).toContain("no points for avg_payment_delay_days from 25 to 30");
  expect(message).toContain(`broken.yaml:${line("{ from: 0.05, to: 0.25")}:`);
  expect(message).toContain("points for late_ratio from 0.05 to 0.1 twice");
  expect(message).toContain(`broken.yaml:${line("name: past_dispute")}:`);
  expect(message).toContain('found "past_dispute", expected the feature "past_disputes"');
});
