import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Workspace } from "@bellwether/ingest/duckdb/workspace";
import { DEFAULT_LIMITS } from "@bellwether/ingest/ingest-limits";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { parseFeatureBundle } from "@bellwether/risk-model/bundle/parse-bundle";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { type ForeignModel, foreignModels } from "@bellwether/testing/foreign-models";
import { runNode } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { ReportedError } from "../errors/reported-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { explainCommand } from "./explain.ts";
import { importCommand } from "./import.ts";
import { predictCommand } from "./predict.ts";

let folder = "";
const files = new Map<string, ForeignModel>(foreignModels().map((file) => [file.name, file]));
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "import-"));
  for (const { name, bytes } of files.values()) await writeFile(at(name), bytes);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command and returns the line of JSON that it printed, also when the command failed. */
async function run(...args: readonly string[]): Promise<{ json: Record<string, unknown>; error: unknown }> {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  const context = { env: { MODEL_REGISTRY_URL: `file:${at("models")}` }, cwd: folder };
  const error: unknown = await importCommand(context)
    .parseAsync([...args, "--json"], { from: "user" })
    .then(() => null)
    .catch((reason: unknown) => reason);
  write.mockRestore();
  expect(lines.length).toBeLessThan(2);
  return { json: JSON.parse(lines[0] ?? "{}") as Record<string, unknown>, error };
}

/**
 * Returns a configuration that declares one feature of the model, and one feature that the model does not
 * have.
 */
const configOf = (feature: string): string => `
version: 1
name: foreign
features:
  - { name: ${feature}, kind: numeric, unit: days, range: [-1000, 1000], direction: raises, immutable: true }
  - { name: misspelt, kind: numeric, unit: days, range: [0, 1] }
target: { name: late, risk_class: late, other_class: on_time }
bands: { medium: 0.2, high: 0.5 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 1, max_depth: 1, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;

test("imports a model, publishes the first version as champion and the next as challenger, and reproduces the trainer's outputs", async () => {
  const name = "xgboost-classifier.model";
  const { json, error } = await run(name, "--name", "foreign");
  expect(error).toBeNull();
  expect(json).toMatchObject({
    status: "imported",
    reason: "",
    explanation: "path-dependent",
    agreement: { rows: expect.any(Number), max_relative_difference: expect.any(Number) },
    model: "foreign",
    version: "v1",
    alias: "champion",
    output_space: "margin",
    risk_class: "1",
  });
  const again = (await run(name, "--name", "foreign")).json;
  expect(again).toMatchObject({ version: "v1", alias: null, published: false });
  // The declared units change the bundle, so that the import publishes another version.
  const declared = await readVersion(at("models"), "foreign", "v1");
  const [first] = parseFeatureBundle(declared.bundleJson).features;
  await writeFile(at("declared.yaml"), configOf(first?.name ?? ""));
  const next = (await run(name, "--name", "foreign", "--config", "declared.yaml")).json;
  expect(next).toMatchObject({ version: "v2", alias: "challenger", published: true });
  const { features } = parseFeatureBundle((await readVersion(at("models"), "foreign", "v2")).bundleJson);
  expect(features[0]).toMatchObject({ unit: "days", direction: "raises", immutable: true });
  expect((await readVersion(at("models"), "foreign", "v2")).modelCard).toContain(
    "declared in the configuration, but no feature of the model: misspelt",
  );
  const model = await openScoringModel(await readVersion(at("models"), "foreign", "v1"));
  const { rows, predictions } = files.get(name) ?? { rows: null, predictions: [] };
  for (const [row, values] of (rows ?? []).entries()) {
    const { margins } = await model.predict(values, 1);
    const [margin = Number.NaN] = margins;
    expect(1 / (1 + Math.exp(-margin))).toBeCloseTo(predictions[row]?.at(-1) ?? Number.NaN, 5);
  }
  await model.release();
});

test("the bands of --config apply, and other limits than the champion's are in the JSON", async () => {
  const name = "xgboost-classifier.model";
  await writeFile(at("bands.yaml"), configOf("f0"));
  const first = await run(name, "--name", "banded", "--config", "bands.yaml");
  expect(first.json).toMatchObject({ alias: "champion", bands: { medium: 0.2, high: 0.5 }, band_change: null });
  expect((await run(name, "--name", "banded")).json).toMatchObject({
    alias: "challenger",
    band_change: { champion: { medium: 0.2, high: 0.5 }, version: { medium: 0.4, high: 0.7 } },
  });
});

test("--risk-name makes a class of the file the champion's risk class, and the error says so", async () => {
  const name = "xgboost-classifier.model";
  expect((await run(name, "--name", "classes", "--risk-name", "ausfall")).json).toMatchObject({
    risk_class: "ausfall",
    notes: expect.arrayContaining(['risk class "ausfall" is class "1" of the file']),
  });
  expect((await run(name, "--name", "classes")).error).toMatchObject({
    message: expect.stringContaining('risk class "1" instead of "ausfall"'),
  });
  expect((await run(name, "--name", "classes")).error).toMatchObject({
    message: expect.stringContaining("add --risk-name ausfall"),
  });
  const regressor = await run("xgboost-poisson.model", "--name", "number", "--risk-name", "ausfall");
  expect(regressor.json).toMatchObject({ status: "rejected", reason: expect.stringContaining("has no classes") });
});

test("features that a configuration cannot name are in a note, with the way out", async () => {
  const file = JSON.parse(new TextDecoder().decode(files.get("xgboost-classifier.model")?.bytes));
  const names = Array.from({ length: Number(file.learner.learner_model_param.num_feature) }, (_, f) => `f${f}`);
  file.learner.feature_names = names.with(0, "Bonität");
  await writeFile(at("umlaut.json"), JSON.stringify(file));
  const { json } = await run("umlaut.json", "--name", "umlaut");
  expect(json).toMatchObject({ status: "imported", features: ["Bonität", ...names.slice(1)] });
  expect(json.notes).toEqual([
    expect.stringMatching(/cannot name .*: "Bonität"\. .*rename the columns, train and import/),
  ]);
});

test("names a model after its file", async () => {
  expect((await run("lightgbm-zero.txt")).json).toMatchObject({ model: "lightgbm-zero", version: "v1" });
});

test("a model of several classes scores with the probability of one class", async () => {
  const { json } = await run("catboost-3.onnx", "--risk-class", "1");
  expect(json).toMatchObject({
    status: "imported",
    classes: ["0", "1", "2"],
    risk_class: "1",
    output_space: "probability",
  });
  const model = await openScoringModel(await readVersion(at("models"), "catboost-3", "v1"));
  const { rows, predictions } = files.get("catboost-3.onnx") ?? { rows: null, predictions: [] };
  for (const [row, values] of (rows ?? []).entries()) {
    const { outputs } = await model.predict(values, 1);
    const [probability = Number.NaN] = outputs;
    expect(probability).toBeCloseTo(predictions[row]?.[1] ?? Number.NaN, 5);
  }
  await model.release();
});

test("a rejected file has its reason in the JSON and in the error, and publishes nothing", async () => {
  await symlink(at("sklearn-forest.onnx"), at("link.onnx"));
  for (const [name, reason] of [
    ["catboost.cbm", /own binary format/],
    ["link.onnx", /symbolic link/],
    ["nothing.onnx", /the file does not exist/],
  ] as const) {
    const { json, error } = await run(name, "--name", "refused");
    expect(json).toMatchObject({
      status: "rejected",
      reason: expect.stringMatching(reason),
      explanation: "none",
      agreement: null,
    });
    expect(error).toBeInstanceOf(ReportedError);
    expect(error).toMatchObject({ message: expect.stringMatching(reason) });
  }
  await expect(readVersion(at("models"), "refused", "v1")).rejects.toThrow();
});

test("with --json, a rejected file prints one line on standard output and exits with 1", async () => {
  await writeFile(at("no-model.onnx"), "no model");
  const command = path.resolve(import.meta.dirname, "../../bellwether.js");
  const ran = await runNode(command, { args: ["import", at("no-model.onnx"), "--json"] });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("no-model.onnx is rejected: ");
  const lines = ran.stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ status: "rejected", kind: expect.any(String) });
}, 60_000);

test("background rows that do not fit the model are a usage error", async () => {
  await writeFile(at("rows.csv"), "a,b\n1,2\n");
  const { json, error } = await run("sklearn-one-hot.onnx", "--background", "rows.csv");
  expect(json).toEqual({});
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({
    message: expect.stringMatching(/--background: .* lacks columns spend, delay, region/),
  });
});

test("training rows become the training profile of the version, and without them the card says what that means", async () => {
  const header = "f0,f1,f2,f3";
  const lines = Array.from({ length: 60 }, (_, i) => `${i},${i % 7},${i % 2 ? i : ""},1`);
  await writeFile(at("training.csv"), [header, ...lines].join("\n"));
  const file = "xgboost-classifier.model";
  const { json } = await run(file, "--name", "profiled", "--training", "training.csv");
  expect(json).toMatchObject({ status: "imported", training: { rows: 60, given: 60, skipped_columns: [] } });
  const profiled = await readVersion(at("models"), "profiled", "v1");
  expect(JSON.parse(profiled.bundleJson).trainingProfile).toMatchObject({
    features: [{ feature: "f0", rows: 60 }, { feature: "f1" }, { feature: "f2", missing: 30 }, { feature: "f3" }],
    score: null,
  });
  expect(profiled.modelCard).toContain("- Drift: training profile of 60 rows given at import, without scores");
  expect((await run(file, "--name", "without")).json).toMatchObject({ training: null });
  const { modelCard } = await readVersion(at("models"), "without", "v1");
  expect(modelCard).toContain(
    "- Drift: no training profile: weekly runs of this model are compared only with the week before",
  );
  const { error } = await run(file, "--name", "wrong", "--training", "rows.csv");
  expect(error).toMatchObject({ message: expect.stringMatching(/^--training: .* lacks columns f0, f1, f2, f3/) });
});

describe("--expected", () => {
  const file = "xgboost-classifier.model";
  const known = files.get(file);
  const rows = known?.rows ?? [];
  const cells = (row: Float32Array): string => Array.from(row, (x) => (Number.isNaN(x) ? "" : String(x))).join(",");
  const csv = (change = 0): string =>
    [
      "f0,f1,f2,f3,answer",
      ...rows.map((row, at) => `${cells(row)},${(known?.predictions[at]?.at(-1) ?? 0) + change}`),
    ].join("\n");

  test("compares a model with its trainer's outputs, from CSV and from Parquet", async () => {
    await writeFile(at("answers.csv"), csv());
    const verified = { status: "imported", trainer: { rows: rows.length, compared: "prediction" } };
    expect((await run(file, "--name", "proven", "--expected", "answers.csv")).json).toMatchObject(verified);
    await using workspace = await Workspace.open({ limits: DEFAULT_LIMITS });
    const copy = `copy (select * from read_csv('${at("answers.csv")}')) to '${at("answers.parquet")}' (format parquet)`;
    await workspace.run(copy);
    expect((await run(file, "--name", "proven", "--expected", "answers.parquet")).json).toMatchObject(verified);
    const { modelCard } = await readVersion(at("models"), "proven", "v1");
    expect(modelCard).toContain("Compared with its trainer's own predictions");
  });

  test.each([
    ["__index_level_0__", "behind"],
    ["", "before"],
    ["Unnamed: 0", "before"],
  ])("does not read the pandas index %j, written %s the others, as an output column", async (index, place) => {
    const numbered = csv()
      .split("\n")
      .map((line, at) => {
        const cell = at === 0 ? index : String(at - 1);
        return place === "before" ? `${cell},${line}` : `${line},${cell}`;
      });
    await writeFile(at("indexed.csv"), numbered.join("\n"));
    const { json } = await run(file, "--name", "indexed", "--expected", "indexed.csv");
    expect(json).toMatchObject({
      status: "imported",
      trainer: { answer_columns: ["answer"], skipped_columns: [index] },
    });
    await writeFile(at("index-only.csv"), numbered.map((line) => line.replace(/,[^,]*$/, "")).join("\n"));
    if (place === "before")
      expect((await run(file, "--name", "indexed", "--expected", "index-only.csv")).error).toMatchObject({
        message: expect.stringContaining(`it has none; not read, it numbers the rows: ${index === "" ? '""' : index}`),
      });
  });

  test("rejects a model whose outputs differ, and publishes nothing", async () => {
    await writeFile(at("others.csv"), csv(0.01));
    const { json, error } = await run(file, "--name", "disproven", "--expected", "others.csv");
    expect(json).toMatchObject({
      status: "rejected",
      kind: "misconverted",
      reason: expect.stringMatching(/of 4 expected.*taken as the trainer's answers: answer$/),
    });
    expect(error).toBeInstanceOf(ReportedError);
    await expect(readVersion(at("models"), "disproven", "v1")).rejects.toThrow();
  });

  test.each([
    ["a row that is cut short", `${csv()}\n1,2`, /--expected: row 6 has 2 cells where the header has 5/],
    ["no rows", "f0,f1,f2,f3,answer\n", /--expected: the table has no rows/],
    [
      "a text where a number is due",
      `${csv()}\n1,2,soon,4,0.5`,
      /--expected: row 6, column f2: "soon" is not a number/,
    ],
    ["an output that is NaN", `${csv()}\n1,2,3,4,NaN`, /--expected: row 6, column answer: "NaN" is not an output/],
    [
      "other columns",
      "a,b,answer\n1,2,0.5\n",
      /--expected: the table lacks columns f0, f1, f2, f3; it has a, b, answer/,
    ],
    ["a binary file", "\u0000\u0001\u0002", /--expected: line 1 of the table has a NUL character/],
  ])("with %s is a usage error", async (_, text, message) => {
    await writeFile(at("wrong.csv"), text);
    const { json, error } = await run(file, "--name", "wrong", "--expected", "wrong.csv");
    expect(json).toEqual({});
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });
});

test("predict and explain print the output of a regressor without a band", async () => {
  const imported = await run("xgboost-poisson.model", "--name", "targets");
  expect(imported.json).toMatchObject({ output_space: "raw", risk_class: null, trainer: null });
  const input = ["--input", '{"supplier_id":"S1","f0":1.2,"f1":-0.5}', "--model", "targets"];
  const context = { env: { MODEL_REGISTRY_URL: `file:${at("models")}` }, cwd: folder };
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  onTestFinished(() => write.mockRestore());
  await predictCommand(context).parseAsync(input, { from: "user" });
  const [first = ""] = lines.splice(0);
  expect(first).toMatch(/^S1: -?\d+(\.\d+)?, the output of a regressor, which has no band, model v1/);
  await predictCommand(context).parseAsync([...input, "--json"], { from: "user" });
  const flat = JSON.parse(lines.splice(0)[0] ?? "{}");
  expect(flat).toMatchObject({ risk_score: null, margin: expect.any(Number), band: "unknown" });
  // A Poisson model predicts the exponential of its output.
  expect(flat.prediction).toBeCloseTo(Math.exp(flat.margin), 9);
  expect(first).toContain(String(Number(flat.prediction.toPrecision(7))));
  await explainCommand(context).parseAsync(input, { from: "user" });
  const explained = lines.join("");
  expect(explained).toMatch(/risk score none \(a regressor\)/);
  expect(explained).toMatch(
    /The model answers \S+ for S1: it is a regressor, whose number has no risk score and no band\./,
  );
  expect(Number(/The model answers (\S+) for/.exec(explained)?.[1])).toBeCloseTo(flat.prediction, 2);
  expect(explained).not.toContain("too little data");
  lines.splice(0);
  await writeFile(at("targets.csv"), "supplier_id,f0,f1\nS1,1.2,-0.5\nS2,,\n");
  const file = ["--input", "targets.csv", "--output", "numbers.csv", "--model", "targets"];
  await predictCommand(context).parseAsync(file, { from: "user" });
  expect(lines.join("")).toContain("1 of 2 suppliers scored, 1 with too few known features, 0 rejected");
  expect(lines.join("")).toContain("the model is a regressor: its numbers are in the column prediction");
  const [header, one = "", two] = (await readFile(at("numbers.csv"), "utf8")).split("\n");
  expect(header).toBe("supplier_id,risk_score,band,missing_features,error,model_version,margin,prediction");
  expect(one.split(",").slice(0, 3)).toEqual(["S1", "", "unknown"]);
  expect(one.split(",").slice(-2).map(Number)).toEqual([flat.margin, flat.prediction]);
  expect(two).toMatch(/^S2,,unknown,\d+,,v1,,$/);
});

test("a file of suppliers is scored by texts outside ASCII, and the values that are no category are counted", async () => {
  const small = path.resolve(import.meta.dirname, "../../../../tests/import/small");
  const { error } = await run(path.join(small, "011.model"), "--name", "wide-texts");
  expect(error).toBeNull();
  await writeFile(at("wide-texts.csv"), "supplier_id,country,spend,delay\nA,Gehäuse,1,1\nB,Atlantis,1,1\nC,🚚,1,1\n");
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  onTestFinished(() => write.mockRestore());
  const context = { env: { MODEL_REGISTRY_URL: `file:${at("models")}` }, cwd: folder };
  const args = ["--input", "wide-texts.csv", "--model", "wide-texts", "--output", "wide-texts-scores.csv"];
  await predictCommand(context).parseAsync(args, { from: "user" });
  expect(lines.join("")).toContain("warning: country has 1 value that the model does not know as a category");
  lines.length = 0;
  await predictCommand(context).parseAsync([...args, "--json"], { from: "user" });
  expect(JSON.parse(lines.join(""))).toMatchObject({ scored: 3, unknown_categories: { country: 1 } });
});

test("a file of suppliers is scored by the categories of the trainer's data, also numbers and texts such as NA", async () => {
  // Code 0 goes left (−1), code 1 right (1). The texts of the codes are the lists of pandas_categorical.
  const model = (texts: string) => `tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=0
objective=binary sigmoid:1
feature_names=country
feature_infos=0:1

Tree=0
num_leaves=2
num_cat=1
split_feature=0
threshold=0
decision_type=1
left_child=-1
right_child=-2
leaf_value=-1 1
leaf_count=50 50
internal_count=100
cat_boundaries=0 1
cat_threshold=1
is_linear=0
shrinkage=1

end of trees

pandas_categorical:[${texts}]
`;
  const context = { env: { MODEL_REGISTRY_URL: `file:${at("models")}` }, cwd: folder };
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  const marginsOf = async (name: string, texts: string, cells: readonly string[]) => {
    await writeFile(at(`${name}.txt`), model(texts));
    await importCommand(context).parseAsync([`${name}.txt`, "--name", name], { from: "user" });
    const rows = cells.map((cell, row) => `S${row},${cell}`);
    await writeFile(at("countries.csv"), ["supplier_id,country", ...rows].join("\n"));
    const files = ["--input", "countries.csv", "--output", "by-country.csv", "--model", name];
    await predictCommand(context).parseAsync(files, { from: "user" });
    const [header = "", ...lines] = (await readFile(at("by-country.csv"), "utf8")).trimEnd().split("\n");
    return lines.map((line) => line.split(",")[header.split(",").indexOf("margin")]);
  };
  expect(await marginsOf("texts", '["DE","NA"]', ["DE", "NA", "1"])).toEqual(["-1.0", "1.0", "1.0"]);
  expect(await marginsOf("numbers", "[1,2]", ["1", "2", "2.0"])).toEqual(["-1.0", "1.0", "1.0"]);
});
