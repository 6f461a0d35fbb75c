import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { publishModel } from "@bellwether/scoring/publish/publish-model";
import { DEMO_SPEC, demoSupplier, trainDemoModel } from "@bellwether/testing/demo-model";
import type { EndedProcess } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startCommands } from "./running-commands.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ROOT = path.resolve(import.meta.dirname, "../../..");
const commands = startCommands();
let folder = "";
const run = (args: readonly string[]): Promise<EndedProcess> =>
  commands.run({
    ...{ args, cwd: ROOT },
    env: { ...process.env, MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}` },
  });

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "change-"));
  for (const seed of [42, 7]) {
    const trained = await trainDemoModel(seed);
    await publishModel(
      path.join(folder, "models"),
      {
        ...trained,
        ...{
          modelName: DEMO_SPEC.name,
          origin: "trained",
          configHash: "c".repeat(64),
          evaluation: null,
          now: new Date(0),
        },
      },
      { setBy: "test", reason: "test" },
    );
  }
  for (const i of [1, 2]) {
    const { features, categories, text } = demoSupplier(i);
    const json = JSON.stringify({ supplier_id: "S_1", ...features, ...categories, contract_text: text });
    await writeFile(path.join(folder, `${i}.json`), json);
  }
});
afterAll(async () => {
  await commands[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const file = (i: number): string => path.join(folder, `${i}.json`);

test("change divides the difference of two files and two versions, which adds up", async () => {
  const versions = ["--before-version", "v1", "--after-version", "v2"];
  const { code, stdout } = await run(["change", "--before", file(1), "--after", file(2), ...versions, "--json"]);
  expect(code).toBe(0);
  const json = JSON.parse(stdout) as Record<string, number> & {
    readonly parts: readonly { readonly data_score: number; readonly model_score: number }[];
  };
  const sum = json.parts.reduce((total, part) => total + part.data_score + part.model_score, 0);
  const { score_change: change = 0, base_score: base = 0, calibration_score: calibration = 0 } = json;
  expect(Math.abs(sum + base + calibration - change)).toBeLessThan(1e-9);
  expect(change).not.toBe(0);
});

test("change prints a line for each feature, and says what differs between the versions", async () => {
  const { stdout } = await run([
    "change",
    "--before",
    file(1),
    "--after",
    file(2),
    "--before-version",
    "v1",
    "--after-version",
    "v2",
  ]);
  expect(stdout).toMatch(/^S_1: risk score 0\.\d{4} \(v1\) → 0\.\d{4} \(v2\), margin /);
  expect(stdout).toMatch(/^ +-?\d+\.\d\d +-?\d+\.\d\d {2}past_disputes: \d+ → \d+$/m);
  expect(stdout).toContain("note: the versions have different calibrations");
  const same = await run(["change", "--before", file(1), "--after", file(2)]);
  expect(same.stdout).not.toContain("calibration");
});

test("change says that its inputs are of two suppliers", async () => {
  const other = JSON.parse(await readFile(file(1), "utf8")) as object;
  await writeFile(path.join(folder, "other.json"), JSON.stringify({ ...other, supplier_id: "S_2" }));
  const { stdout } = await run(["change", "--before", file(1), "--after", path.join(folder, "other.json")]);
  expect(stdout).toContain("nothing changed\nnote: the inputs are of two suppliers: before S_1, after S_2");
  expect((await run(["change", "--before", file(1), "--after", file(1)])).stdout).not.toContain("note:");
});

test("change names the end of a wrong file (exit code 2)", async () => {
  await writeFile(path.join(folder, "bad.json"), '{"supplier_id":"S_1","past_dispute":1}');
  const { code, stderr } = await run(["change", "--before", file(1), "--after", path.join(folder, "bad.json")]);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('--after.features.past_dispute: unknown feature "past_dispute"'),
  ]);
});

const FULL = '{"supplier_id":"x","past_disputes":7,"financial_stability_index":0.3,"delivery_score":60}';

test.each([
  [["predict", "--input", '{"supplier_id":"x","past_dispute":1}'], 'did you mean "past_disputes"?'],
  [
    ["explain", "--input", '{"supplier_id":"x","past_disputes":"0,7"}'],
    'past_disputes is "0,7", which is not a number',
  ],
  [["predict", "--input", FULL, "--output", "scores.csv"], "--output is only for a .csv, .parquet or .jsonl file"],
  [["predict", "--input", "[1]"], "the body is a list; expected one JSON object"],
  [["counterfactual", "--input", '{"supplier_id":"x","past_disputes":"1e999"}'], "past_disputes is"],
  [
    ["counterfactual", "--input", FULL, "--fix", "past_dispute"],
    '--fix: unknown feature "past_dispute"; did you mean "past_disputes"?',
  ],
  [["counterfactual", "--input", FULL, "--fix", "nope"], '--fix: unknown feature "nope"; known: '],
  [
    [
      "counterfactual",
      "--input",
      FULL,
      "--fix",
      "nope",
      "--limits",
      '[{"feature":"delivery_score","step":1},{"feature":"rigion","min":0}]',
    ],
    '--limits: [1].feature: unknown feature "rigion"; did you mean "region"?',
  ],
])("input that the model does not accept ends with 2 and its own name: %j", async (args, text) => {
  const { code, stderr } = await run(args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  expect(stderr).not.toContain("limits[");
});

test("explain says why there is no score", async () => {
  const few = '{"supplier_id":"x","past_disputes":7}';
  const { code, stdout } = await run(["explain", "--input", few]);
  const warning = "1 of 5 features are known, not counting the text contract_text; a score needs 2";
  expect([code, stdout.trimEnd().split("\n").at(-1)]).toEqual([0, `warning: ${warning}`]);
  expect(JSON.parse((await run(["explain", "--input", few, "--json"])).stdout)).toMatchObject({ warnings: [warning] });
});

test("explain --top and --min-share leave out contributions, and add them up", async () => {
  const explain = async (...options: string[]) =>
    JSON.parse((await run(["explain", "--input", file(1), ...options, "--json"])).stdout) as {
      readonly contributions: readonly { readonly contribution: number }[];
      readonly omitted?: number;
      readonly omitted_contributions?: number;
    };
  const sum = (of: Awaited<ReturnType<typeof explain>>): number =>
    of.contributions.reduce((total, { contribution }) => total + contribution, of.omitted ?? 0);
  const all = await explain();
  expect(all).not.toHaveProperty("omitted");
  const top = await explain("--top", "2");
  expect([top.contributions.length, top.omitted_contributions]).toEqual([2, all.contributions.length - 2]);
  expect(sum(top)).toBeCloseTo(sum(all), 9);
  expect((await explain("--min-share", "0.2")).contributions.length).toBeLessThan(6);
  expect((await run(["explain", "--input", file(1), "--min-share", "1.5"])).code).toBe(2);
});

test("a published version has the importance of its features, in a file and in its card", async () => {
  const { manifest, modelCard } = await readVersion(path.join(folder, "models"), DEMO_SPEC.name, "v1");
  expect(manifest.files["importance.json"]?.bytes).toBeGreaterThan(1_000);
  expect(modelCard).toContain(
    "## What the model uses\nMean |contribution| over 893 training rows (path-dependent, margin).",
  );
  expect(modelCard).toMatch(
    /^\| `past_disputes` \| \d\.\d+ \| \d+\.\d % \| ≤ \d+ units: −\d\.\d+, ≥ \d+ units: \+\d\.\d+ \|$/m,
  );
  const json = await readFile(path.join(folder, "models", DEMO_SPEC.name, "v1", "importance.json"), "utf8");
  expect(JSON.parse(json)).toMatchObject({ format: "bellwether.importance/1", rows: 893 });
  expect((await run(["models", "show", "v1"])).stdout).toContain("What the model uses");
});
