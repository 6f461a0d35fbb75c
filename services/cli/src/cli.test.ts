import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const SHARED = path.resolve(ROOT, "../shared/data");
const SCMS = [
  "--config",
  "config/examples/scms/model_config.yaml",
  "--mapping",
  "config/examples/scms/feature_mapping.yaml",
  "--data",
  SHARED,
];

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder = "";
const environment = (over: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
  BELLWETHER_DATA_DIR: path.join(folder, "data"),
  ...over,
});
const run = (args: readonly string[], over: NodeJS.ProcessEnv = {}, input = ""): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd: ROOT, env: environment(over), maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(
      process.execPath,
      ["services/cli/bellwether.js", ...args],
      options,
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
/** Runs a command with --json and reads the one line it prints. */
async function json<T>(args: readonly string[], over: NodeJS.ProcessEnv = {}, input = ""): Promise<T> {
  const ran = await run([...args, "--json"], over, input);
  if (ran.code !== 0) throw new Error(`${args.join(" ")} ended with ${ran.code}: ${ran.stderr}`);
  expect(ran.stdout.trimEnd().split("\n")).toHaveLength(1);
  return JSON.parse(ran.stdout) as T;
}

interface Trained {
  readonly model: string;
  readonly version: string;
  readonly rows: number;
  readonly positives: number;
  readonly auc: number;
  readonly auc_interval: [number, number];
  readonly baseline: { feature: string; auc: number };
}
interface Scored {
  readonly risk_score: number;
  readonly band: string;
}

const SUPPLIER = JSON.stringify({
  supplier_id: "S_00001",
  past_disputes: 7,
  financial_stability_index: 0.42,
  avg_delay: 38,
  late_ratio: 0.45,
  avg_payment_delay_days: 51,
  delivery_score: 71,
  annual_spend: 420_000,
  contract_value: 250_000,
  dispute_rate: 0.2,
  avg_delivery_quality: 68,
});

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "cli-"));
  await json([
    "demo",
    "--suppliers",
    "2000",
    "--transactions",
    "3000",
    "--seed",
    "123",
    "--out",
    path.join(folder, "demo"),
  ]);
  await json(["train", "--data", path.join(folder, "demo"), "--publish"]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("train prints figures beside the baseline in one line of JSON", async () => {
  const trained = await json<Trained>(["train", "--data", path.join(folder, "demo")]);
  expect(trained.model).toBe("supplier-risk");
  expect(trained.auc).toBeGreaterThan(0.75);
  expect(trained.auc_interval[0]).toBeLessThan(trained.auc);
  expect(trained.baseline.auc).toBeGreaterThan(0.5);
  expect(trained.rows).toBeGreaterThan(100);
});

test("the same seed gives byte-identical files, on one core and on two", async () => {
  const digests = [];
  for (const [i, prefix] of [[], ["taskset", "-c", "0"]].entries()) {
    const models = path.join(folder, `same-${i}`);
    const command = [
      ...prefix,
      process.execPath,
      "services/cli/bellwether.js",
      "train",
      "--data",
      path.join(folder, "demo"),
      "--publish",
    ];
    await new Promise<void>((resolve, reject) => {
      const child = spawn(command[0] ?? "", command.slice(1), {
        cwd: ROOT,
        env: environment({ MODEL_REGISTRY_URL: `file:${models}` }),
        stdio: "ignore",
      });
      child.on("error", reject).on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))));
    });
    const read = async (name: string) =>
      createHash("sha256")
        .update(await readFile(path.join(models, "supplier-risk/v1", name)))
        .digest("hex");
    digests.push([await read("model.onnx"), await read("feature_bundle.json")]);
  }
  expect(digests[0]).toEqual(digests[1]);
});

test("predict and explain agree, and take JSON, a file or standard input", async () => {
  const file = path.join(folder, "supplier.json");
  await writeFile(file, SUPPLIER);
  const fromText = await json<Scored>(["predict", "--input", SUPPLIER]);
  expect(await json(["predict", "--input", file])).toEqual(fromText);
  expect(await json(["predict", "--input", "-"], {}, `\ufeff${SUPPLIER}`)).toEqual(fromText);
  const explained = await json<{
    risk_score: number;
    margin: number;
    base_value: number;
    contributions: { contribution: number }[];
  }>(["explain", "--input", file]);
  expect(explained.risk_score).toBe(fromText.risk_score);
  const sum = explained.contributions.reduce((total, c) => total + c.contribution, explained.base_value);
  expect(Math.abs(sum - explained.margin)).toBeLessThan(1e-5 * Math.max(1, Math.abs(explained.margin)));
});

test("auth makes one key pair and does not void it", async () => {
  const keys = ["auth", "keys", "--out", path.join(folder, "keys")];
  expect(await json(keys)).toMatchObject({ public_keys_file: expect.stringContaining(folder) });
  expect((await run(keys)).stderr).toContain("there is a key pair already");
});

test("models list, promote and roll back", async () => {
  await json(["train", "--data", path.join(folder, "demo"), "--publish"]);
  const list = async () =>
    (await json<{ models: { name: string; versions: { version: string; aliases: string[] }[] }[] }>(["models", "list"]))
      .models[0]?.versions;
  expect((await list())?.map((v) => [v.version, v.aliases])).toEqual([
    ["v2", ["challenger"]],
    ["v1", ["champion"]],
  ]);
  expect(await json(["models", "promote", "challenger"])).toMatchObject({ champion: "v2" });
  expect(await json(["models", "rollback"])).toMatchObject({ champion: "v1", was: "v2" });
  expect((await run(["models", "show"])).stdout).toContain("# Model card: supplier-risk");
});

test("wrong use ends with 2, a failure with 1, each with one clear line", async () => {
  const wrong: [string[], number, string][] = [
    [["predict"], 2, "--input"],
    [["predict", "--input", "{"], 2, "--input is not JSON"],
    [["predict", "--input", "nothing.json"], 2, "there is no file"],
    [["predict", "--input", '{"past_disputes":1}'], 2, "supplier_id is missing"],
    [["demo", "--out", "x", "--suppliers", "0"], 2, "whole number from 1"],
    [["predict", "--input", '{"supplier_id":"x","past_disputes":-1}'], 1, "past_disputes is -1"],
    [["predict", "--input", '{"supplierId":"x"}'], 2, 'supplierId is not a field of flat JSON; write it "supplier_id"'],
    [
      ["explain", "--input", '{"supplier_id":"x","past_disputes":"many"}'],
      1,
      ': past_disputes is "many", which is not a number',
    ],
    [["predict", "--input", SUPPLIER, "--url", "http://127.0.0.1:9"], 1, "does not answer"],
    [["predict", "--input", SUPPLIER, "--model", "nobody"], 1, 'no model "nobody"'],
    [["models", "promote", "v77"], 1, 'no version or alias "v77"'],
    [["train", "--data", path.join(folder, "nowhere")], 1, "nowhere"],
    [["train", "--data", path.join(folder, "demo"), "--config", "nowhere.yaml"], 1, "nowhere.yaml"],
    [["weekly", "run", "--week", "2025-W53", "--input", "x.csv"], 2, "2025 has the weeks W01 to W52"],
    [["frobnicate"], 2, "unknown command"],
  ];
  for (const [args, code, text] of wrong) {
    const ran = await run(args);
    expect([args.join(" "), ran.code, ran.stderr]).toEqual([args.join(" "), code, expect.stringContaining(text)]);
    expect(ran.stderr).not.toContain("    at ");
    const { stdout } = await run([...args, "--json"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toEqual({
      error: { kind: code === 2 ? "usage" : "failure", message: expect.stringContaining(text) },
    });
  }
});

test("models list takes one model, and says when there is none of that name", async () => {
  const { models } = await json<{ models: { name: string }[] }>(["models", "list", "--model", "supplier-risk"]);
  expect(models.map(({ name }) => name)).toEqual(["supplier-risk"]);
  expect(await run(["models", "list", "--model", "nobody"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no model "nobody"'),
  });
});

test("every command has help with an example", async () => {
  for (const command of ["demo", "train", "evaluate", "features", "predict", "explain", "models", "start", "auth"]) {
    const { code, stdout } = await run([command, "--help"]);
    expect([command, code]).toEqual([command, 0]);
    expect(stdout).toMatch(/Examples?:\n {2}np[mx] /);
  }
});

test("--version tells the version", async () => {
  expect(await run(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n", stderr: "" });
});

test("a demo without transactions has the table's header and can be trained on", async () => {
  const out = path.join(folder, "quiet");
  await json(["demo", "--suppliers", "300", "--transactions", "0", "--out", out]);
  const table = await readFile(path.join(out, "transactions.csv"), "utf8");
  expect(table).toMatch(/^transaction_id,supplier_id,transaction_date,[^\n]*\n$/);
  expect((await json<Trained>(["train", "--data", out])).rows).toBeGreaterThan(50);
});

test("a broken table is set aside row by row, and a missing column is named", async () => {
  const broken = path.join(folder, "broken");
  await cp(path.join(folder, "demo"), broken, { recursive: true });
  const file = path.join(broken, "suppliers.csv");
  const lines = (await readFile(file, "utf8")).split("\n");
  const cells = (lines[5] ?? "").split(",");
  cells[4] = "a lot";
  lines[5] = cells.join(",");
  await writeFile(file, lines.join("\n"));
  const trained = await json<{ row_counts: { set_aside: number } }>(["train", "--data", broken]);
  expect(trained.row_counts.set_aside).toBe(1);
  await writeFile(file, lines.join("\n").replace("past_disputes", "past_dispute"));
  const ran = await run(["train", "--data", broken]);
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(/past_disputes/) });
});

test.skipIf(!existsSync(SHARED))(
  "real deliveries: trained, and a real vendor scored and explained (needs the shared data)",
  async () => {
    const models = { MODEL_REGISTRY_URL: `file:${path.join(folder, "scms-models")}` };
    const trained = await json<Trained & { suppliers: number }>(["train", ...SCMS, "--publish"], models);
    expect(trained.version).toBe("v1");
    expect(trained.suppliers).toBeGreaterThan(5);
    expect(trained.positives).toBeGreaterThan(5);
    expect(trained.baseline.auc).toBeGreaterThan(0);
    const vendors = await readFile(path.join(folder, "scms-models", trained.model, "v1", "MODEL_CARD.md"), "utf8");
    expect(vendors).toContain(trained.baseline.feature);
    const features = await run(["features", ...SCMS, "--supplier", "Orgenics, Ltd"], models);
    expect(features.code).toBe(0);
    const named = { ...models, BELLWETHER_MODEL: trained.model };
    const scored = await json<Scored>(["predict", "--input", "-"], named, features.stdout);
    expect(scored.risk_score).toBeGreaterThanOrEqual(0);
    const explained = await json<Scored>(["explain", "--input", "-"], named, features.stdout);
    expect(explained.risk_score).toBe(scored.risk_score);
  },
);
