import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readValueTable } from "@bellwether/ingest/tables/read-value-table";
import { type EndedProcess, runNode } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startCommands } from "./running-commands.ts";

// Each test starts the command several times, while other tests run.
vi.setConfig({ testTimeout: 120_000 });

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

let folder = "";
const environment = (over: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
  BELLWETHER_DATA_DIR: path.join(folder, "data"),
  ...over,
});
const CLI = "services/cli/bellwether.js";
const commands = startCommands();
const run = (args: readonly string[], over: NodeJS.ProcessEnv = {}, input = ""): Promise<EndedProcess> => {
  const request = { args, cwd: ROOT, env: environment(over) };
  return input === "" ? commands.run(request) : runNode(CLI, { ...request, input });
};
/** Runs a command with --json and parses the one line that it prints. */
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
interface Published {
  readonly version: string;
  readonly published: boolean;
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
    "--output",
    path.join(folder, "demo"),
  ]);
  await json(["train", "--data", path.join(folder, "demo"), "--publish"]);
});
afterAll(async () => {
  await commands[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Trains and publishes a model with one line of the demo configuration changed. */
async function trainWith(line: string, by: string): Promise<Published> {
  const config = path.join(folder, "changed.yaml");
  await writeFile(config, (await readFile(path.join(ROOT, "config/model_config.yaml"), "utf8")).replace(line, by));
  return json<Published>(["train", "--data", path.join(folder, "demo"), "--config", config, "--publish"]);
}

test("train prints its figures and those of the baseline in one line of JSON", async () => {
  const trained = await json<Trained>(["train", "--data", path.join(folder, "demo")]);
  expect(trained.model).toBe("supplier-risk");
  expect(trained.auc).toBeGreaterThan(0.75);
  expect(trained.auc_interval[0]).toBeLessThan(trained.auc);
  expect(trained.baseline.auc).toBeGreaterThan(0.5);
  expect(trained.rows).toBeGreaterThan(100);
  const lines = (await run(["train", "--data", path.join(folder, "demo"), "--publish"])).stdout;
  expect(lines).toMatch(/^The model wins by 0\.\d{4}|^The single feature wins by|rank these rows equally well/m);
  expect(lines).not.toContain("**");
  expect(lines).toMatch(/^Out of fold on \d+ training rows \(\d+ positive\): AUC .*, Brier score .*; base rate .*\.$/m);
  expect(lines).toMatch(/^rows: .* rejected while reading, 0 without a label$/m);
  expect(lines).toMatch(/^not published: supplier-risk v1 .*; other data, another configuration or another seed/m);
});

test("the same seed produces byte-identical files, on one core and on two", async () => {
  const digests = [];
  for (const [i, launcher] of [[], ["taskset", "-c", "0"]].entries()) {
    const models = path.join(folder, `same-${i}`);
    const args = ["train", "--data", path.join(folder, "demo"), "--publish"];
    const env = environment({ MODEL_REGISTRY_URL: `file:${models}` });
    expect(await runNode(CLI, { launcher, args, cwd: ROOT, env })).toMatchObject({ code: 0 });
    const read = async (name: string) =>
      createHash("sha256")
        .update(await readFile(path.join(models, "supplier-risk/v1", name)))
        .digest("hex");
    digests.push([await read("model.onnx"), await read("feature_bundle.json")]);
  }
  expect(digests[0]).toEqual(digests[1]);
});

test("predict and explain agree, and read JSON text, a file or standard input", async () => {
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

test("a counterfactual lowers the band when predict scores it", async () => {
  const found = await json<{
    outcome: string;
    band: string;
    counterfactuals: { risk_score: number; band: string; changes: { feature: string; new: number }[] }[];
  }>(["counterfactual", "--input", SUPPLIER, "--max-changes", "3"]);
  expect(found.outcome).toBe("found");
  const [first] = found.counterfactuals;
  const changed = Object.fromEntries((first?.changes ?? []).map((change) => [change.feature, change.new]));
  const again = await json<Scored>(["predict", "--input", JSON.stringify({ ...JSON.parse(SUPPLIER), ...changed })]);
  expect([again.risk_score, again.band]).toEqual([first?.risk_score, first?.band]);
  expect(again.band).not.toBe(found.band);
  expect(Object.keys(changed)).not.toContain("past_disputes");
  const { stdout } = await run(["counterfactual", "--input", SUPPLIER]);
  expect(stdout).toMatch(/^S_00001: 0\.\d{4} \(\w+\), model v1\nThe smallest change that lowers the band from /);
  expect(stdout).toContain("not changed (immutable): annual_revenue, annual_spend, past_disputes, relationship_years");
});

test("auth keys creates one key pair and does not overwrite it", async () => {
  const keys = ["auth", "keys", "--keys", path.join(folder, "keys")];
  expect(await json(keys)).toMatchObject({ public_keys_file: expect.stringContaining(folder) });
  expect((await run(keys)).stderr).toContain("there is a key pair already");
});

test("models lists versions, promotes one and rolls back", async () => {
  const again = await json<Published>(["train", "--data", path.join(folder, "demo"), "--publish"]);
  expect([again.version, again.published]).toEqual(["v1", false]);
  expect((await trainWith("seed: 42", "seed: 43")).published).toBe(true);
  const list = async () =>
    (await json<{ models: { name: string; versions: { version: string; aliases: string[] }[] }[] }>(["models", "list"]))
      .models[0]?.versions;
  expect((await list())?.map((v) => [v.version, v.aliases])).toEqual([
    ["v2", ["challenger"]],
    ["v1", ["champion"]],
  ]);
  expect(await json(["models", "promote", "challenger"])).toMatchObject({ champion: "v2" });
  expect(await json(["models", "rollback"])).toMatchObject({ champion: "v1", was: "v2", band_change: null });
  expect(await run(["models", "rollback"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("models promote"),
  });
  const history = (await run(["models", "history"])).stdout.trimEnd().split("\n");
  expect(history).toHaveLength(4);
  expect(history[0]).toMatch(/^\d{4}-\S+Z {2}champion {4}v2 → v1 {6}\S.*: rolled back by hand$/);
  expect(history[2]).toMatch(/challenger {2}– → v2 {7}bellwether train: trained and published$/);
  expect((await run(["models", "show"])).stdout).toContain("# Model card: supplier-risk");
});

test("models compare scores a file with two versions and compares them; wrong uses and silent replicas are said", async () => {
  const file = path.join(folder, "compared.csv");
  const names = Object.keys(JSON.parse(SUPPLIER)).filter((name) => name !== "supplier_id");
  const values = Object.values(JSON.parse(SUPPLIER)).slice(1).map(Number);
  const row = (i: number) => [`S${i % 40}`, ...values.map((value, c) => (value * ((i * (c + 3)) % 11)) / 5)].join(",");
  const rows = Array.from({ length: 60 }, (_, i) => row(i));
  const invalid = [row(1).replace("S1,", ","), row(2).replace(/,[^,]+/, ",many")];
  await writeFile(file, [["supplier_id", ...names].join(","), ...rows, ...invalid].join("\n"));
  interface Compared {
    readonly statistics: { suppliers: number; shift: { rows: number; low: number; value: number; high: number } };
  }
  const compared = await json<Compared>(["models", "compare", "v1", "v2", "--input", file]);
  expect(compared).toMatchObject({
    ...{ model: "supplier-risk", champion: "v1", challenger: "v2", rows: 62 },
    ...{ rejected_ids: 1, statistics: { suppliers: expect.any(Number), first_row_at: null } },
  });
  const { shift } = compared.statistics;
  expect(shift.low).toBeLessThan(shift.value);
  expect(shift.high).toBeGreaterThan(shift.value);
  const same = await run(["models", "compare", "v1", "champion", "--input", file]);
  expect([same.code, same.stdout]).toEqual([0, expect.stringContaining("both are the same version")]);
  expect(same.stdout).toMatch(/^score shift +\+0\.0000 \(\+0\.0000 to \+0\.0000\)/m);
  for (const [args, text] of [
    [["--input", file, "--ml", "http://127.0.0.1:1"], "give either --input"],
    [["champion"], "expected a version such as v3"],
  ] as const)
    expect(await run(["models", "compare", ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(text) });
  const away = await run(["models", "compare", "--ml", "http://127.0.0.1:1"]);
  expect([away.code, away.stdout]).toEqual([1, expect.stringContaining("did not answer: its rows are not included")]);
});

test("evaluate compares two versions on the same rows, and warns about rows that a version was trained on", async () => {
  interface Evaluated {
    readonly rows: number;
    readonly warnings: string[];
    readonly against: {
      version: string;
      verdict_valid: boolean;
      auc: { difference: number; interval: [number, number] };
    } | null;
  }
  const evaluate = ["evaluate", "--data", path.join(folder, "demo"), "--model-version", "v1"];
  expect(await json<Evaluated>(evaluate)).toMatchObject({ warnings: [], against: null });
  const compared = await json<Evaluated>([...evaluate, "--against", "v2"]);
  expect(compared.against?.version).toBe("v2");
  expect(compared.against?.auc.interval[0]).toBeLessThanOrEqual(compared.against?.auc.difference ?? Number.NaN);
  // v2 was split with another seed: three quarters of these rows are training rows of v2.
  expect(compared.warnings.join()).toMatch(
    /v2 may have been trained on \d+ of \d+ rows \((6|7|8)\d %\), of suppliers on its training side/,
  );
  expect(compared.warnings.join()).toContain("v2 was trained with another configuration");
  expect(compared.against?.verdict_valid).toBe(false);
  const lines = (await run([...evaluate, "--against", "v2"])).stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^warning: v2 may have been trained on/);
  expect(lines.filter((line) => line.endsWith(" (rows that a version may have been trained on)"))).toHaveLength(3);
  expect(lines.join("\n")).not.toMatch(/: (better|worse|not significant)$/m);
  const alike = await json<Evaluated>([...evaluate, "--against", "v1"]);
  expect(alike.against?.verdict_valid).toBe(true);
  expect((await run([...evaluate, "--against", "v1"])).stdout).toMatch(/: not significant$/m);
});

test("publishing other features under an existing name is an error", async () => {
  const config = path.join(folder, "fewer.yaml");
  const text = await readFile(path.join(ROOT, "config/model_config.yaml"), "utf8");
  await writeFile(config, text.replace(/ {2}- name: clause_risk_score\n(?: {4}.*\n)*/, ""));
  const mapping = path.join(folder, "fewer_mapping.yaml");
  const mapped = await readFile(path.join(ROOT, "config/feature_mapping.yaml"), "utf8");
  await writeFile(
    mapping,
    mapped.replaceAll(/^\s*- clause_risk_score\s*\n/gm, "").replaceAll(/, clause_risk_score(?=[\],])/g, ""),
  );
  const files = ["--data", path.join(folder, "demo"), "--config", config, "--mapping", mapping];
  const ran = await run(["train", ...files, "--publish"]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('without "clause_risk_score"')]);
});

test("train --export writes every row with its use, and test rows with their score", async () => {
  const out = path.join(folder, "export");
  const trained = await json<Trained>(["train", "--data", path.join(folder, "demo"), "--export", out]);
  const table = await readValueTable(
    path.join(out, "training_rows.parquet"),
    await readFile(path.join(out, "training_rows.parquet")),
  );
  expect(table.records).toHaveLength(2_000);
  const column = (name: string) => table.header.indexOf(name);
  expect(table.header).toEqual(
    expect.arrayContaining(["supplier_id", "used_for", "high_risk", "test_score", "late_ratio"]),
  );
  const tested = table.records.filter((record) => record[column("used_for")] === "test");
  expect(tested).toHaveLength(trained.rows);
  expect(table.records.filter((record) => record[column("test_score")] !== null)).toEqual(tested);
});

test("a line end in an id forges no line of the output", async () => {
  const hostile = JSON.stringify({ ...JSON.parse(SUPPLIER), supplier_id: "S_1\nS_2: 0.0100 (low)\u001b[2J" });
  for (const command of ["predict", "counterfactual", "explain"]) {
    const { stdout } = await run([command, "--input", hostile]);
    // In a narrative, such an id is in quotation marks, with symbols for its control characters.
    const shown = command === "explain" ? '"S_1␊S_2: 0.0100 (low)␛[2J"' : "S_1\\u{a}S_2: 0.0100 (low)\\u{1b}[2J";
    expect(stdout).toContain(shown);
    expect(stdout).not.toMatch(/^S_2/m);
  }
});

test("predict marks contributions against the declared direction, which are in the JSON too", async () => {
  const { top_features: top } = await json<{ top_features: { feature: string; contradicts_direction: boolean }[] }>([
    ...["predict", "--input", SUPPLIER],
  ]);
  const { stdout } = await run(["predict", "--input", SUPPLIER]);
  for (const { feature, contradicts_direction: contradicts } of top) {
    const line = stdout.split("\n").find((shown) => shown.includes(`  ${feature} = `));
    expect(line?.endsWith("[against the declared direction: not a reason]")).toBe(contradicts);
  }
});

test("predict scores a file of suppliers: each row has a score or an error, and every change is reported", async () => {
  const file = path.join(folder, "suppliers.csv");
  const columns =
    "supplier_id,past_disputes,late_ratio,financial_stability_index,avg_delay,avg_payment_delay_days,delivery_score,annual_spend,contract_value,colour";
  const rows = [
    "S1,7,0.45,0.42,38,51,71,420000,250000,red",
    "S2,-1,0.1,0.9,1,2,90,1,1,red",
    "S3,many,0.1,0.9,1,2,90,1,1,",
    ",1,0.1,0.9,1,2,90,1,1,",
    "S5,,,,,,,,,",
  ];
  await writeFile(file, `${columns}\n${rows.join("\n")}\n`);
  const output = path.join(folder, "scores.csv");
  const { code, stdout: printed } = await run(["predict", "--input", file, "--output", output, "--json"]);
  expect(code).toBe(1);
  const scored: unknown = JSON.parse(printed);
  expect(scored).toMatchObject({ rows: 5, scored: 1, rejected: 3, too_few_features: 1, ignored_columns: ["colour"] });
  expect(scored).toMatchObject({ unknown_categories: {} });
  const lines = (await readFile(output, "utf8")).trimEnd().split("\n");
  expect(lines[0]).toBe("supplier_id,risk_score,band,missing_features,error,model_version,margin,prediction");
  expect(lines[1]).toMatch(/^S1,0\.\d+,high,\d+,/);
  expect(lines[2]).toContain("past_disputes is -1");
  expect(lines[3]).toContain("which is not a number");
  expect(lines[4]).toContain("supplier_id is empty");
  expect(lines[5]).toMatch(/^S5,,unknown,17,/);
  await writeFile(file, `${columns}\n${rows[0]}\n${rows[0]?.replace("S1,", "S\u200B1 ,")}\n`);
  expect(await json<object>(["predict", "--input", file, "--output", output])).toMatchObject({
    ...{ rows: 2, scored: 2, rejected: 0, cleaned_ids: 1, repeated_ids: 1 },
  });
  const shown = await run(["predict", "--input", file, "--output", output]);
  expect(shown.stdout).toContain(
    "supplier ids: 1 row had invisible characters or surrounding white space in supplier_id, which were removed",
  );
  expect(shown.stdout).toContain(
    "supplier ids: 1 row repeats the supplier_id of an earlier row; each row has its own score",
  );
  const [, first = "", second] = (await readFile(output, "utf8")).split("\n");
  expect(second).toBe(first);
  await writeFile(file, Buffer.from(`${columns}\n${rows[0]?.replace("S1", "Müller")}\n`, "latin1"));
  const foreign = await run(["predict", "--input", file, "--output", output]);
  expect([foreign.code, foreign.stderr]).toEqual([2, expect.stringContaining("save the file as UTF-8")]);
  for (const [separator, shown] of [
    [";", 'its header has ";" between the names: write the file with commas'],
    ["\t", "its header has tabs between the names: write the file with commas"],
  ] as const) {
    await writeFile(file, [columns, ...rows].join("\n").replaceAll(",", separator));
    const apart = await run(["predict", "--input", file, "--output", output]);
    expect([apart.code, apart.stderr]).toEqual([2, expect.stringContaining(shown)]);
  }
  await writeFile(file, [columns, ...rows].join("\n").replaceAll(",", ";").replace("0.45", "0,45"));
  expect((await run(["predict", "--input", file, "--output", output])).stderr).toMatch(/row 2 has 2 cells .*";"/);
  const jsonl = path.join(folder, "suppliers.jsonl");
  await writeFile(jsonl, '{"supplier_id":9007199254740993,"late_ratio":0.1}\n');
  const rejected = await run(["predict", "--input", jsonl, "--output", output, "--json"]);
  expect(rejected.code).toBe(1);
  expect(JSON.parse(rejected.stdout)).toMatchObject({
    ...{ scored: 0, rejected: 1, first_error: expect.stringContaining("not whole within 2^53") },
  });
  const alone = await run(["predict", "--input", file]);
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining("add --output FILE for the scores")]);
});

test("a usage error exits with 2, a failure with 1, each with one clear line", async () => {
  const wrong: [string[], number, string][] = [
    [["predict"], 2, "--input"],
    [["predict", "--input", "{"], 2, "--input is not JSON"],
    [["predict", "--input", "nothing.json"], 2, "nothing.json is not a file"],
    [["predict", "--input", '{"past_disputes":1}'], 2, "supplier_id is missing"],
    [["demo", "--output", "x", "--suppliers", "0"], 2, "whole number from 1"],
    [["predict", "--input", '{"supplier_id":"x","past_disputes":-1}'], 2, "past_disputes is -1"],
    [["predict", "--input", '{"supplierId":"x"}'], 2, 'supplierId is not a field of flat JSON; write it "supplier_id"'],
    [
      ["counterfactual", "--input", SUPPLIER, "--limits", '[{"feature":"late_ratio","min":0.5,"max":0.2}]'],
      2,
      "--limits: [0].min: the minimum of late_ratio is 0.5, above its maximum 0.2",
    ],
    [["counterfactual", "--input", SUPPLIER, "--max-changes", "4"], 2, "expected a whole number from 1 to 3"],
    [
      ["explain", "--input", '{"supplier_id":"x","past_disputes":"many"}'],
      2,
      'past_disputes is "many", which is not a number',
    ],
    [["predict", "--input", SUPPLIER, "--url", "http://127.0.0.1:9"], 1, "does not answer"],
    [["predict", "--input", SUPPLIER, "--model", "nobody"], 1, 'no model "nobody"'],
    [["models", "promote", "v77"], 1, 'no version or alias "v77"'],
    [["train", "--data", path.join(folder, "nowhere")], 2, "nowhere"],
    [["train", "--data", path.join(folder, "demo"), "--config", "nowhere.yaml"], 2, "nowhere.yaml"],
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

test("models list lists one model, and reports an unknown model and silent replicas", async () => {
  const { stdout } = await run(["models", "list", "--ml", "http://127.0.0.1:1"]);
  expect(stdout).toMatch(/^rejections of http:\/\/127\.0\.0\.1:1 are not shown: \S/m);
  const { models } = await json<{ models: { name: string }[] }>(["models", "list", "--model", "supplier-risk"]);
  expect(models.map(({ name }) => name)).toEqual(["supplier-risk"]);
  expect(await run(["models", "list", "--model", "nobody"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no model "nobody"'),
  });
});

test("--version prints the version", async () => {
  expect(await runNode(CLI, { args: ["--version"], cwd: ROOT })).toMatchObject({
    code: 0,
    stdout: "0.1.0\n",
    stderr: "",
  });
});

test("a demo without transactions has a header-only table and can be trained on", async () => {
  const out = path.join(folder, "quiet");
  await json(["demo", "--suppliers", "300", "--transactions", "0", "--output", out]);
  const table = await readFile(path.join(out, "transactions.csv"), "utf8");
  expect(table).toMatch(/^transaction_id,supplier_id,transaction_date,[^\n]*\n$/);
  expect((await json<Trained>(["train", "--data", out])).rows).toBeGreaterThan(50);
});

test("train rejects broken rows one by one, and names a missing column", async () => {
  const broken = path.join(folder, "broken");
  await cp(path.join(folder, "demo"), broken, { recursive: true });
  const file = path.join(broken, "suppliers.csv");
  const lines = (await readFile(file, "utf8")).split("\n");
  const cells = (lines[5] ?? "").split(",");
  cells[4] = "a lot";
  lines[5] = cells.join(",");
  await writeFile(file, lines.join("\n"));
  const trained = await json<{ row_counts: { rejected: number } }>(["train", "--data", broken]);
  expect(trained.row_counts.rejected).toBe(1);
  await writeFile(file, lines.join("\n").replace("past_disputes", "past_dispute"));
  const ran = await run(["train", "--data", broken]);
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringMatching(/past_disputes/) });
});

test.skipIf(!existsSync(SHARED))(
  "real deliveries: trains a model, and scores and explains a real vendor (needs the shared data)",
  async () => {
    const models = { MODEL_REGISTRY_URL: `file:${path.join(folder, "scms-models")}` };
    interface Calibrated {
      readonly suppliers: number;
      readonly brier: number;
      readonly base_rate_brier: number;
      readonly largest_bin_share: number;
      readonly out_of_fold: { readonly brier: number; readonly baseRateBrier: number };
    }
    const trained = await json<Trained & Calibrated>(["train", ...SCMS, "--publish"], models);
    // Before: a calibration curve that does not rise assigned the same score to every supplier.
    expect(trained.largest_bin_share).toBeLessThan(0.9);
    expect(trained.out_of_fold.brier).toBeLessThan(trained.out_of_fold.baseRateBrier);
    expect(trained.brier).toBeLessThan(trained.base_rate_brier);
    // Rows from the training period of the version, with a configuration whose test period begins earlier.
    const leaking = path.join(folder, "leaking.yaml");
    const config = await readFile(path.join(ROOT, SCMS[1] ?? ""), "utf8");
    await writeFile(leaking, config.replace("test_from: 2012-10-01", "test_from: 2009-01-01"));
    const evaluated = await json<{ warnings: string[] }>(["evaluate", "--config", leaking, ...SCMS.slice(2)], models);
    expect(evaluated.warnings.join("\n")).toMatch(/v1 may have been trained on \d+ of 585 rows/);
    expect(evaluated.warnings.join("\n")).toContain("v1 was trained with another configuration");
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
