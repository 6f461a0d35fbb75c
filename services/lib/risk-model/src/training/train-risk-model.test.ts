import type { ModelSpec } from "@bellwether/config/model-spec";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { ort } from "@bellwether/scoring/runtime/load-onnxruntime";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { describe, expect, test, vi } from "vitest";
import { DEMO_TABLE_SPEC, demoTable } from "../../test/demo-table-fixture.ts";
import { parseFeatureBundle } from "../bundle/parse-bundle.ts";
import { createVectorizer } from "../features/vectorize.ts";
import type { FeatureTable } from "../tables/feature-table.ts";
import type { RunOnnx } from "./fit-model.ts";
import { countTrainingSide } from "./provenance.ts";
import { trainRiskModel } from "./train-risk-model.ts";
import {
  ColumnMissingError,
  NoLabelsError,
  NoRowsError,
  OneClassError,
  TooFewRowsError,
  TrainingDataError,
} from "./training-error.ts";

const runOnnx: RunOnnx = async (onnx, rows, n, columns) => {
  const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  const { output } = await session.run({ input: new ort.Tensor("float32", rows, [n, columns]) });
  await session.release();
  if (!(output?.data instanceof Float32Array)) throw new Error("the runtime gave no float32 output");
  return output.data;
};
const configHash = "ab".repeat(32);
const table = demoTable(generateDemo({ suppliers: 1_500, transactions: 2_000 }, 5));
const train = (over: Partial<FeatureTable> = {}, spec: Partial<ModelSpec> = {}) =>
  trainRiskModel({ table: { ...table, ...over }, spec: { ...DEMO_TABLE_SPEC, ...spec }, configHash, runOnnx });
const forest: ModelSpec["trainer"] = {
  kind: "random_forest",
  trees: 40,
  maxDepth: 0,
  minLeaf: 3,
  columnSample: 0.3,
  classWeight: "none",
};

test("the model of the demo is good but not perfect, and better than its best single feature", async () => {
  const demo = demoTable(generateDemo({ suppliers: 10_500, transactions: 5_000 }, 42));
  const { evaluation } = await trainRiskModel({ table: demo, spec: DEMO_TABLE_SPEC, configHash, runOnnx });
  expect(evaluation.auc).toBeGreaterThan(0.85);
  expect(evaluation.auc).toBeLessThan(0.95);
  expect(evaluation.auc).toBeGreaterThan(evaluation.baseline?.auc ?? 1);
  expect(evaluation.brier).toBeLessThan(evaluation.baseRateBrier);
});

describe.each([
  ["boosting", DEMO_TABLE_SPEC.trainer, "margin"],
  ["forest", forest, "probability"],
] as const)("%s", (_, trainer, space) => {
  test("produces the same bytes for the same seed on any day, and others for another seed", async () => {
    const first = await train({}, { trainer });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2031, 4, 17) });
    const second = await train({}, { trainer }).finally(() => vi.useRealTimers());
    expect(Buffer.from(first.onnx).equals(second.onnx)).toBe(true);
    expect(first.bundleJson).toBe(second.bundleJson);
    expect(first.modelCard).toBe(second.modelCard);
    const other = await train({}, { trainer, seed: 7 });
    expect(Buffer.from(first.onnx).equals(other.onnx)).toBe(false);
  });

  test("the runtime agrees with our own evaluation on every row", async () => {
    const { bundle, onnx, treeModel } = await train({}, { trainer });
    expect(bundle.outputSpace).toBe(space);
    const { values } = createVectorizer(bundle).vectorizeBatch(table);
    const outputs = await runOnnx(onnx, values, table.rows, bundle.columns.length);
    for (const [row, ours] of evaluateRows(treeModel, values).entries())
      expect(Math.abs((outputs[row] ?? Number.NaN) - ours)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(ours)));
  });

  test("golden rows hold the runtime's bits; in one everything is missing and some are on a threshold", async () => {
    const { bundleJson, onnx, treeModel } = await train({}, { trainer });
    const bundle = parseFeatureBundle(bundleJson);
    const rows = Float32Array.from(bundle.golden.flatMap(({ row }) => row.map((x) => x ?? Number.NaN)));
    const outputs = await runOnnx(onnx, rows, bundle.golden.length, bundle.columns.length);
    expect([...outputs]).toEqual(bundle.golden.map((golden) => golden.output));
    expect(bundle.golden).toHaveLength(32);
    expect(bundle.golden[0]?.row.every((x) => x === null)).toBe(true);
    const root = treeModel.trees[1];
    expect(bundle.golden[1]?.row[root?.feature[0] ?? -1]).toBe(root?.threshold[0]);
  });
});

test("the bundle's keys are in the documented order", async () => {
  const { bundleJson, bundle } = await train();
  expect(Object.keys(JSON.parse(bundleJson))).toEqual([
    ...["format", "modelName", "modelKind", "configHash", "features", "columns", "text", "minimumPresent"],
    ...["outputSpace", "classes", "calibration", "bands", "explanation", "golden", "seed"],
    "trainingProfile",
  ]);
  expect(parseFeatureBundle(bundleJson)).toEqual(bundle);
});

test("the bundle has the distributions of the training rows, and the scores of the test rows", async () => {
  const { bundle, rowCounts } = await train();
  const { features = [], score } = bundle.trainingProfile ?? {};
  expect(features.map(({ feature }) => feature)).toEqual(bundle.features.map(({ name }) => name));
  for (const profile of features) {
    expect([profile.rows, profile.suppliers]).toEqual([rowCounts.train, rowCounts.train]);
    if (profile.kind !== "numeric") continue;
    const counted = profile.cuts.reduce((sum, { below, at }) => sum + below + (at ?? 0), 0);
    expect(counted).toBe(profile.rows - profile.missing);
  }
  expect(score).toMatchObject({ feature: "risk_score", rows: rowCounts.test, missing: 0 });
});

test("rows with an impossible value or too few features are left out and counted", async () => {
  const ratio = table.numbers.get("late_ratio")?.slice() ?? new Float64Array();
  ratio.fill(-1, 0, 3);
  const numbers = new Map([...table.numbers, ["late_ratio", ratio]]);
  for (const [name, column] of numbers)
    if (name !== "late_ratio") numbers.set(name, column.slice().fill(Number.NaN, 10, 30));
  const { rowCounts, evaluation, rowUses, testScores, leftOut } = await train({ numbers });
  expect(leftOut).toMatchObject([{ column: "late_ratio", reason: "FEATURE_OUT_OF_RANGE", rows: 3 }]);
  expect(leftOut[0]?.sample).toMatch(/^S_\d+: late_ratio is -1/);
  expect(rowCounts).toMatchObject({ invalid: 3, tooFew: 20, purged: 0, testFrom: null });
  expect(rowCounts.train + rowCounts.calibration + rowCounts.test).toBe(table.rows - 23);
  expect(evaluation.rows).toBe(rowCounts.test);
  const count = (use: string) => rowUses.filter((of) => of === use).length;
  expect([count("refused"), count("too few features"), count("purged")]).toEqual([3, 20, 0]);
  expect([count("training"), count("test")]).toEqual([rowCounts.train, rowCounts.test]);
  expect(testScores.map((score, row) => (Number.isNaN(score) === (rowUses[row] !== "test") ? 1 : 0))).not.toContain(0);
});

test("reports its training data, and distinguishes the rows of the other side", async () => {
  const { provenance, rowUses } = await train();
  expect(provenance).toMatchObject({
    split: { by: "supplier", testFrom: null, windowDays: 0, seed: 42 },
    period: null,
  });
  expect(provenance.dataSha256).toBe((await train()).provenance.dataSha256);
  const side = (use: string) => Uint32Array.from(rowUses.flatMap((of, row) => (of === use ? [row] : [])));
  expect(countTrainingSide(provenance, table, side("test"))).toBe(0);
  const all = [...side("training"), ...side("calibration")];
  expect(countTrainingSide(provenance, table, Uint32Array.from(all))).toBe(all.length);
});

test("by time: rows whose label window ends before the test period are on the training side", async () => {
  const asOfDays = Int32Array.from(table.supplierIds, (_, i) => 15_000 + (i % 40) * 10);
  const split = { ...DEMO_TABLE_SPEC.split, by: "time" as const, testFrom: "2011-12-01", horizonDays: 60 };
  const { provenance, rowUses, rowCounts } = await train({ asOfDays }, { split });
  const every = Uint32Array.from(rowUses.keys());
  expect(countTrainingSide(provenance, { ...table, asOfDays }, every)).toBe(rowCounts.train + rowCounts.calibration);
  expect(rowUses.filter((use) => use === "purged")).toHaveLength(rowCounts.purged);
});

test("by time: the card states the periods and the number of purged rows", async () => {
  const asOfDays = Int32Array.from(table.supplierIds, (_, i) => 15_000 + (i % 40) * 10);
  const split = { ...DEMO_TABLE_SPEC.split, by: "time" as const, testFrom: "2011-12-01", horizonDays: 60 };
  const { rowCounts, modelCard } = await train({ asOfDays }, { split });
  expect(rowCounts.testFrom).toBe("2011-12-01");
  expect(rowCounts.purged).toBeGreaterThan(0);
  expect(modelCard).toContain("test rows from 2011-12-01 on");
  expect(modelCard).toContain("| training | ");
  expect(modelCard).toMatch(/\| 2011-01-26 to 2011-\d\d-\d\d \|/);
});

describe("rejects with an error class of its own and a way out", () => {
  const rejection = async (over: Partial<FeatureTable>, spec: Partial<ModelSpec> = {}): Promise<TrainingDataError> => {
    const error = await train(over, spec).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof TrainingDataError)) throw new Error(`no TrainingDataError but ${error}`);
    return error;
  };

  test("a table without labels", async () => {
    expect(await rejection({ labels: null })).toBeInstanceOf(NoLabelsError);
  });

  test("a missing feature column or text", async () => {
    const numbers = new Map([...table.numbers].filter(([name]) => name !== "late_ratio"));
    expect(await rejection({ numbers })).toMatchObject({ name: "ColumnMissingError", column: "late_ratio" });
    expect(await rejection({ texts: null })).toBeInstanceOf(ColumnMissingError);
  });

  test("rows of only one class, in training or in the test", async () => {
    expect(await rejection({ labels: new Uint8Array(table.rows) })).toMatchObject({
      name: "OneClassError",
      side: "training",
    });
    expect(await rejection({ labels: new Uint8Array(table.rows).fill(1) })).toBeInstanceOf(OneClassError);
    const asOfDays = Int32Array.from(table.supplierIds, (_, i) => (i < 1_000 ? 0 : 100));
    const labels = Uint8Array.from(table.supplierIds, (_, i) => (i < 1_000 ? i % 2 : 0));
    const split = { ...DEMO_TABLE_SPEC.split, by: "time" as const, testFrom: "1970-02-01" };
    const error = await rejection({ asOfDays, labels }, { split });
    expect(error).toMatchObject({ side: "test", message: expect.stringContaining("change split") });
  });

  test("nine training rows of a class, but not ten", async () => {
    const split = { ...DEMO_TABLE_SPEC.split, by: "time" as const, testFrom: "1970-02-01", calibrationShare: 1e-9 };
    const asOfDays = Int32Array.from(table.supplierIds, (_, i) => (i < 1_000 ? 0 : 100));
    const labels = (positives: number) =>
      Uint8Array.from(table.supplierIds, (_, i) => (i < positives || i > 1_400 ? 1 : 0));
    expect(await rejection({ asOfDays, labels: labels(9) }, { split })).toMatchObject({
      name: "TooFewRowsError",
      found: 9,
    });
    expect(await rejection({ asOfDays, labels: labels(0) }, { split })).not.toBeInstanceOf(TooFewRowsError);
    expect((await train({ asOfDays, labels: labels(10) }, { split })).rowCounts.train).toBe(1_000);
  });

  test("no rows, or no rows that could be scored", async () => {
    const nothing: Partial<FeatureTable> = { rows: 0, supplierIds: [], labels: new Uint8Array(0), texts: [] };
    const numbers = new Map([...table.numbers.keys()].map((name) => [name, new Float64Array(0)]));
    expect(await rejection({ ...nothing, numbers, categories: new Map([["region", []]]) })).toBeInstanceOf(NoRowsError);
    const unknown = new Map([...table.numbers].map(([name, column]) => [name, column.map(() => Number.NaN)]));
    expect(await rejection({ numbers: unknown })).toMatchObject({ name: "NoRowsError", side: "training" });
  });
});
