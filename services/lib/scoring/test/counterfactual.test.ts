import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ChangeSpec, FeatureSpec } from "@bellwether/config/model-spec";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { calibratedRisk } from "@bellwether/risk-model/calibrate/calibration";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { DEMO_SPEC } from "@bellwether/testing/demo-model";
import { float32Output } from "@bellwether/tree-model/search/float32-output";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBatchPool } from "../src/batch/batch-pool.ts";
import { SearchQueueFullError } from "../src/batch/batch-pool-error.ts";
import {
  type CounterfactualAnswer,
  type CounterfactualFinder,
  type CounterfactualRequest,
  createCounterfactualFinder,
} from "../src/counterfactual/find-counterfactuals.ts";
import { checkScoringModel, openScoringModel, type ScoringModel } from "../src/model/scoring-model.ts";
import { runOnnx } from "../src/runtime/onnx-session.ts";
import { scoreSupplier } from "../src/score/score-supplier.ts";

const SUPPLIERS = 2_500;
const BUDGET = { maxMs: 600_000, maxSteps: 1e9, isStopped: () => false };

/**
 * Six features with steps, so that every value that may be proposed can be tried. Two have a direction, one is
 * immutable, one is a category.
 */
const CHANGES: Readonly<
  Record<string, { readonly range: readonly [number, number]; readonly change: Partial<ChangeSpec> }>
> = {
  past_disputes: { range: [0, 100], change: { range: [0, 12], step: 1, direction: "decrease" } },
  financial_stability_index: { range: [0, 1], change: { step: 0.1 } },
  avg_payment_delay_days: { range: [0, 3650], change: { range: [0, 90], step: 9, cost: 0.5 } },
  delivery_score: { range: [0, 100], change: { range: [50, 100], step: 5, direction: "increase", cost: 2 } },
};
const ANY: ChangeSpec = { direction: "any", range: null, step: null, cost: 1 };
const base = { kind: "numeric", unit: "units", missing: "keep", direction: "unknown", monotone: false } as const;
const FEATURES: readonly FeatureSpec[] = [
  ...Object.entries(CHANGES).map(
    ([name, { range, change }]): FeatureSpec => ({
      ...base,
      name,
      range,
      immutable: false,
      change: { ...ANY, ...change },
    }),
  ),
  { ...base, name: "relationship_years", range: [0, 100], immutable: true },
  { ...base, name: "region", kind: "category", unit: "", range: null, immutable: false, change: { ...ANY, cost: 0.7 } },
];

const demo = generateDemo({ suppliers: SUPPLIERS, transactions: 2_000 }, 9);
const numeric = FEATURES.filter(({ kind }) => kind === "numeric").map(({ name }) => name);
const numberOf = (i: number, name: string): number => Number(Reflect.get(demo.suppliers[i] ?? {}, name));
const TABLE: FeatureTable = {
  rows: SUPPLIERS,
  supplierIds: demo.suppliers.map((s) => s.supplier_id),
  asOfDays: null,
  numbers: new Map(
    numeric.map((name) => [name, Float64Array.from({ length: SUPPLIERS }, (_, i) => numberOf(i, name))]),
  ),
  categories: new Map([["region", demo.suppliers.map((s) => s.region)]]),
  texts: null,
  labels: Uint8Array.from(demo.suppliers, (s) => s.high_risk),
};
const supplierAt = (i: number): SupplierInput => ({
  features: Object.fromEntries(numeric.map((name) => [name, numberOf(i, name)])),
  categories: { region: demo.suppliers[i]?.region ?? "" },
  text: "",
});

let root: string;
let model: ScoringModel;
let find: CounterfactualFinder;
let stored: Awaited<ReturnType<typeof readVersion>>;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "counterfactual-"));
  const spec = {
    ...{ ...DEMO_SPEC, name: "grid", features: FEATURES, text: null, bands: { high: 0.1, medium: 0.03 } },
    trainer: { ...DEMO_SPEC.trainer, trees: 50, maxDepth: 4 },
  };
  const trained = await trainRiskModel({ table: TABLE, spec, configHash: "c".repeat(64), runOnnx });
  const publication = { modelName: "grid", origin: "trained" as const, configHash: "c".repeat(64), evaluation: null };
  await publishVersion(root, { ...trained, ...publication, now: new Date(0) }, checkScoringModel);
  stored = await readVersion(root, "grid", "v1");
  model = await openScoringModel(stored);
  find = createCounterfactualFinder(model);
}, 120_000);
afterAll(async () => {
  await model.release();
  await rm(root, { recursive: true, force: true });
});

const ask = (supplier: SupplierInput, more: Partial<CounterfactualRequest> = {}): Promise<CounterfactualAnswer> =>
  find({ supplier, maxChanges: 2, maxAnswers: 5, targetBand: null, limits: [], ...more }, "supplier", BUDGET);

/** The other values that each changeable feature may have, with their costs. Written from the declaration alone. */
function gridOf(supplier: SupplierInput): Map<string, { readonly value: number | string; readonly cost: number }[]> {
  const grid = new Map<string, { readonly value: number | string; readonly cost: number }[]>();
  for (const [name, { range, change }] of Object.entries(CHANGES)) {
    const [min, max] = change.range ?? range;
    const { step = 1, direction = "any", cost = 1 } = change;
    const training = model.bundle.features.find((feature) => feature.name === name)?.training;
    const width = (training?.max ?? Number.NaN) - (training?.min ?? Number.NaN);
    const present = supplier.features[name] ?? Number.NaN;
    const values = [];
    for (let k = Math.round(min / (step ?? 1)); k <= Math.round(max / (step ?? 1)); k++) {
      const value = Number((k * (step ?? 1)).toFixed(6));
      const isAllowed =
        value !== present && (direction === "any" || (direction === "increase" ? value > present : value < present));
      if (isAllowed) values.push({ value, cost: (cost * Math.abs(value - present)) / width });
    }
    grid.set(name, values);
  }
  const regions = model.bundle.features.find(({ name }) => name === "region")?.categories ?? [];
  const others = regions.filter((region) => region !== supplier.categories.region);
  grid.set(
    "region",
    others.map((value) => ({ value, cost: 0.7 })),
  );
  return grid;
}

/** Tries every combination with ONNX Runtime. Returns the lowest cost that is enough; Infinity when none is. */
async function lowestCost(
  supplier: SupplierInput,
  maxChanges: number,
  scoreBelow: number,
  fixed: readonly string[] = [],
): Promise<number> {
  const grid = [...gridOf(supplier)].filter(([name]) => !fixed.includes(name));
  const { row } = model.vectorizer.vectorize(supplier, "supplier");
  const rows: number[] = [];
  const costs: number[] = [];
  const columnsOf = new Map(
    model.bundle.columns.map((column, c) => [
      column.kind === "category" ? `${column.feature}=${column.category}` : column.feature,
      c,
    ]),
  );
  const regionColumns = [...columnsOf].filter(([name]) => name.startsWith("region=")).map(([, c]) => c);
  const changed = (before: readonly number[], name: string, value: number | string): number[] => {
    const after = [...before];
    if (typeof value === "number") after[columnsOf.get(name) ?? -1] = Math.fround(value);
    else for (const c of regionColumns) after[c] = c === columnsOf.get(`region=${value}`) ? 1 : 0;
    return after;
  };
  const visit = (from: number, left: number, now: readonly number[], cost: number): void => {
    for (let f = from; f < grid.length; f++)
      for (const { value, cost: more } of grid[f]?.[1] ?? []) {
        const next = changed(now, grid[f]?.[0] ?? "", value);
        for (const x of next) rows.push(x);
        costs.push(cost + more);
        if (left > 1) visit(f + 1, left - 1, next, cost + more);
      }
  };
  visit(0, maxChanges, [...row], 0);
  const { outputs } = await model.predict(Float32Array.from(rows), costs.length);
  let lowest = Number.POSITIVE_INFINITY;
  for (const [i, output] of outputs.entries())
    if (calibratedRisk(model.bundle, output) < scoreBelow) lowest = Math.min(lowest, costs[i] ?? lowest);
  return lowest;
}

/** Checks everything that an answer promises about its counterfactuals. */
async function checkAnswer(supplier: SupplierInput, { score, counterfactuals, targetBand }: CounterfactualAnswer) {
  const scoreBelow = targetBand === "medium" ? model.bundle.bands.high : model.bundle.bands.medium;
  for (const { changes, cost, score: promised } of counterfactuals) {
    const features = { ...supplier.features };
    const categories = { ...supplier.categories };
    for (const { feature, from, to } of changes) {
      expect(feature).not.toBe("relationship_years");
      if (typeof to === "number") {
        expect(from).toBe(supplier.features[feature]);
        features[feature] = to;
        const { range, change } = CHANGES[feature] ?? {};
        const [min, max] = change?.range ?? range ?? [Number.NaN, Number.NaN];
        expect(to).toBeGreaterThanOrEqual(min);
        expect(to).toBeLessThanOrEqual(max);
        const steps = to / (change?.step ?? 1);
        expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-9);
        if (change?.direction === "increase") expect(to).toBeGreaterThan(Number(from));
        if (change?.direction === "decrease") expect(to).toBeLessThan(Number(from));
      } else {
        expect(from).toBe(supplier.categories[feature]);
        categories[feature] = to;
      }
    }
    const again = await scoreSupplier(model, { features, categories, text: "" }, "supplier");
    expect(again.riskScore).toBeLessThan(scoreBelow);
    expect(again.band).not.toBe(score.band);
    expect(again.riskScore).toBe(promised.riskScore);
    expect(changes.reduce((sum, change) => sum + change.cost, 0)).toBeCloseTo(cost, 12);
  }
}

test("float32Output has the bits of ONNX Runtime", async () => {
  const trees = model.readTrees();
  const rows = Array.from({ length: 500 }, (_, i) => model.vectorizer.vectorize(supplierAt(i), "supplier").row);
  const { outputs } = await model.predict(Float32Array.from(rows.flatMap((row) => [...row])), rows.length);
  expect(rows.map((row) => float32Output(trees, row))).toEqual([...outputs]);
});

test("1,000 suppliers: every result leaves the band within its limits, and is the smallest of all combinations", {
  timeout: 600_000,
}, async () => {
  const counts = { found: 0, "none-within-limits": 0, "not-decided": 0, "already-below": 0 };
  let asked = 0;
  for (let i = 0; asked < 1_000; i++) {
    const supplier = supplierAt(i % SUPPLIERS);
    const { band } = await scoreSupplier(model, supplier, "supplier");
    if (band === "low") continue;
    asked++;
    // Suppliers whose band is high are also asked for the band low, which more often is out of reach.
    const targetBand = i >= SUPPLIERS || i % 2 === 0 ? "low" : null;
    // A third of the suppliers cannot change the two most important features.
    const fixed = i % 3 === 0 ? ["past_disputes", "financial_stability_index"] : [];
    const answer = await ask(supplier, { targetBand, limits: fixed.map((feature) => ({ feature, fixed: true })) });
    counts[answer.outcome]++;
    await checkAnswer(supplier, answer);
    const scoreBelow = answer.targetBand === "medium" ? model.bundle.bands.high : model.bundle.bands.medium;
    for (const { changes } of answer.counterfactuals)
      for (const { feature } of changes) expect(fixed).not.toContain(feature);
    const lowest = await lowestCost(supplier, 2, scoreBelow, fixed);
    expect(answer.outcome).toBe(lowest === Number.POSITIVE_INFINITY ? "none-within-limits" : "found");
    if (answer.outcome === "found") expect(answer.counterfactuals[0]?.cost).toBeCloseTo(lowest, 9);
  }
  console.log(JSON.stringify(counts));
  expect(counts.found).toBeGreaterThan(300);
  expect(counts["none-within-limits"]).toBeGreaterThan(50);
});

test("with three changes, results are the smallest of all combinations too", { timeout: 600_000 }, async () => {
  const counts = { found: 0, none: 0, three: 0 };
  for (let i = 0, asked = 0; asked < 60 && i < SUPPLIERS; i++) {
    const supplier = supplierAt(i);
    const { band } = await scoreSupplier(model, supplier, "supplier");
    if (band !== "high") continue;
    asked++;
    const answer = await ask(supplier, { maxChanges: 3, targetBand: "low" });
    await checkAnswer(supplier, answer);
    const lowest = await lowestCost(supplier, 3, model.bundle.bands.medium);
    expect(answer.outcome).toBe(lowest === Number.POSITIVE_INFINITY ? "none-within-limits" : "found");
    if (answer.outcome === "found") expect(answer.counterfactuals[0]?.cost).toBeCloseTo(lowest, 9);
    counts[answer.outcome === "found" ? "found" : "none"]++;
    if (answer.counterfactuals[0]?.changes.length === 3) counts.three++;
  }
  console.log(JSON.stringify(counts));
  expect(counts.found).toBeGreaterThan(10);
  expect(counts.three).toBeGreaterThan(0);
});

/** Returns the first supplier of the band, with its position. */
async function firstOf(band: string): Promise<SupplierInput> {
  for (let i = 0; i < SUPPLIERS; i++)
    if ((await scoreSupplier(model, supplierAt(i), "supplier")).band === band) return supplierAt(i);
  throw new Error(`no supplier is ${band}`);
}

test("a supplier in the lowest band has nothing to change", async () => {
  expect(await ask(await firstOf("low"))).toMatchObject({ outcome: "already-below", counterfactuals: [] });
  expect(await ask(await firstOf("medium"), { targetBand: "medium" })).toMatchObject({ outcome: "already-below" });
});

test("when no feature may change, that is proved and each feature has its reason", async () => {
  const supplier = await firstOf("high");
  const limits = ["past_disputes", "financial_stability_index", "delivery_score", "region"].map((feature) => ({
    feature,
    fixed: true,
  }));
  const { avg_payment_delay_days: _, ...features } = supplier.features;
  const answer = await ask({ ...supplier, features }, { limits });
  expect(answer).toMatchObject({ outcome: "none-within-limits", counterfactuals: [] });
  expect(Object.fromEntries(answer.fixed.map(({ feature, reason }) => [feature, reason]))).toEqual({
    ...Object.fromEntries(limits.map(({ feature }) => [feature, "request"])),
    avg_payment_delay_days: "missing",
    relationship_years: "immutable",
  });
});

test("limits narrow what is proposed", async () => {
  const supplier = await firstOf("high");
  const [first] = (await ask(supplier)).counterfactuals;
  const feature = first?.changes[0]?.feature ?? "";
  const without = await ask(supplier, { limits: [{ feature, fixed: true }] });
  expect(without.fixed).toContainEqual({ feature, reason: "request" });
  for (const { changes } of without.counterfactuals)
    expect(changes.map((change) => change.feature)).not.toContain(feature);
});

test("all contradictions of the limits are reported at once, each with its field", async () => {
  const limits = [
    { feature: "past_dispute", fixed: true },
    { feature: "relationship_years", fixed: false, min: 3 },
    { feature: "past_disputes", fixed: false, direction: "increase" as const },
    { feature: "delivery_score", fixed: false, min: 90, max: 60 },
    { feature: "delivery_score", fixed: false, max: 120 },
    { feature: "financial_stability_index", fixed: false, step: 0.25 },
    { feature: "avg_payment_delay_days", fixed: false, min: 10, max: 12 },
    { feature: "region", fixed: false, min: 1 },
  ];
  await expect(ask(await firstOf("high"), { limits })).rejects.toMatchObject({
    name: "ChangeLimitError",
    fieldViolations: [
      { field: "limits[0].feature", description: expect.stringContaining('did you mean "past_disputes"?') },
      { field: "limits[1].feature", description: expect.stringContaining("immutable") },
      { field: "limits[2].direction", description: expect.stringContaining("may only decrease") },
      { field: "limits[3].min", description: expect.stringContaining("above its maximum 60") },
      { field: "limits[4].feature", description: expect.stringContaining("two limits") },
      { field: "limits[4].max", description: expect.stringContaining("the model allows 50 to 100") },
      { field: "limits[5].step", description: expect.stringContaining("in steps of 0.1") },
      { field: "limits[6].step", description: expect.stringContaining("no multiple of 9") },
      { field: "limits[7].feature", description: expect.stringContaining("is a category") },
    ],
  });
});

test("a calibration that never falls below the limit is none within the limits", async () => {
  const bundle = JSON.parse(stored.bundleJson);
  bundle.calibration = { kind: "isotonic", x: [-9, 9], y: [0.2, 0.9] };
  for (const golden of bundle.golden) delete golden.riskScore;
  const flat = await openScoringModel({ ...stored, bundleJson: JSON.stringify(bundle) });
  const request = { supplier: supplierAt(0), maxChanges: 2, maxAnswers: 3, targetBand: null, limits: [] } as const;
  const answer = await createCounterfactualFinder(flat)(request, "supplier", BUDGET);
  await flat.release();
  expect(answer).toMatchObject({ outcome: "none-within-limits", undecided: null, counterfactuals: [] });
});

test("a supplier without a band is an error", async () => {
  await expect(ask({ features: { past_disputes: 3 }, categories: {}, text: "" })).rejects.toMatchObject({
    name: "NoBandError",
  });
});

test("a search that reaches its budget says so", async () => {
  const supplier = await firstOf("high");
  const request = { supplier, maxChanges: 3, maxAnswers: 3, targetBand: "low", limits: [] } as const;
  const few = await find(request, "supplier", { ...BUDGET, maxSteps: 10 });
  expect(few).toMatchObject({ outcome: "not-decided", undecided: "steps" });
  const stopped = await find(request, "supplier", { ...BUDGET, isStopped: () => true });
  expect(stopped).toMatchObject({ outcome: "not-decided", undecided: "stopped" });
});

test("a thread of the pool has the same answer, beside batches, and stops when its caller leaves", async () => {
  await using pool = createBatchPool({ workers: 1, maxRows: 10_000, maxBytes: 2 ** 26, maxSearches: 2 });
  const scorer = pool.scorer(stored);
  const supplier = await firstOf("high");
  const request = { supplier, maxChanges: 2, maxAnswers: 5, targetBand: null, limits: [] } as const;
  const left = new AbortController();
  const first = scorer.findCounterfactuals(request, "supplier");
  const second = scorer.findCounterfactuals(request, "supplier", left.signal);
  await expect(scorer.findCounterfactuals(request, "supplier")).rejects.toThrow(SearchQueueFullError);
  left.abort(new Error("left"));
  await expect(second).rejects.toThrow("left");
  const numbers = new Map(numeric.map((name) => [name, Float32Array.of(supplier.features[name] ?? 0)]));
  const batch = scorer.score({ rows: 1, numbers, categories: new Map(), texts: null }, false);
  expect(await first).toEqual(await ask(supplier));
  expect((await batch).bands).toHaveLength(1);
  expect(await scorer.findCounterfactuals(request, "supplier")).toEqual(await first);
});
