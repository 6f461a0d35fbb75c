import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { FeatureSpec, ModelSpec } from "@bellwether/config/model-spec";
import type { ScorecardSpec, ScoredFeature } from "@bellwether/config/scorecard-spec";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { createVectorizer } from "@bellwether/risk-model/features/vectorize";
import { type BuiltScorecard, buildScorecard } from "@bellwether/risk-model/scorecard/build-scorecard";
import { DEMO_SPEC } from "@bellwether/testing/demo-model";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_BUDGET } from "../src/counterfactual/counterfactual-budget.ts";
import { createCounterfactualFinder } from "../src/counterfactual/find-counterfactuals.ts";
import { openScoringModel, type ScoringModel } from "../src/model/scoring-model.ts";
import { publishModel } from "../src/publish/publish-model.ts";
import { runOnnx } from "../src/runtime/onnx-session.ts";
import { scoreSupplier } from "../src/score/score-supplier.ts";

const number = { kind: "numeric", missing: "keep", direction: "unknown", monotone: false, immutable: false } as const;
const FEATURES: readonly FeatureSpec[] = [
  { ...number, name: "delay", unit: "days", range: [-10, 365], missing: "median" },
  { ...number, name: "share", unit: "share", range: [0, 1] },
  { ...number, name: "audits", unit: "audits", range: [0, 10], missing: "refuse" },
  { ...number, name: "age", unit: "years", range: [-8, -5] },
  { ...number, name: "spend", unit: "usd", range: [0, 1e12] },
  { ...number, name: "region", kind: "category", unit: "", range: null },
];
const MODEL: ModelSpec = { ...DEMO_SPEC, features: FEATURES, minimumPresent: 1 / 6 };
const SCORECARD: ScorecardSpec = {
  scale: { points: 10, probability: 0.04, pointsToDoubleTheOdds: 7 },
  bands: { medium: 20, high: 40 },
  features: [
    {
      kind: "numeric",
      name: "delay",
      missing: 13,
      ranges: [
        { from: -10, to: 0.1, points: -3 },
        { from: 0.1, to: 30, points: 11 },
        { from: 30, to: 90, points: 4 },
        { from: 90, to: 365, points: 29 },
      ],
    },
    {
      kind: "numeric",
      name: "share",
      missing: 0,
      ranges: [
        { from: 0, to: 0.3, points: 0 },
        { from: 0.3, to: 1, points: 17 },
      ],
    },
    {
      kind: "numeric",
      name: "audits",
      missing: null,
      ranges: [
        { from: 0, to: 1, points: 8 },
        { from: 1, to: 10, points: 0 },
      ],
    },
    { kind: "numeric", name: "age", missing: 6, ranges: [{ from: -8, to: -5, points: 2 }] },
    {
      kind: "category",
      name: "region",
      otherwise: 5,
      categories: [
        { category: "EU", points: 0 },
        { category: "__proto__", points: -7 },
      ],
    },
  ],
  unused: ["spend", "contract_text"],
};
/** The references: −3, 0, 0, 2 and 0 points. */
const REFERENCE_POINTS = -1;

type Values = Readonly<Record<string, number | string | undefined>>;

/** Returns the points of a value, from the declaration alone. */
function pointsOf(feature: ScoredFeature, value: number | string | undefined): number {
  if (feature.kind === "category")
    return feature.categories.find(({ category }) => category === value)?.points ?? feature.otherwise;
  if (typeof value !== "number") return feature.missing ?? Number.NaN;
  return feature.ranges.findLast(({ from }) => value >= from)?.points ?? Number.NaN;
}

const inputOf = (values: Values) => ({
  features: Object.fromEntries(Object.entries(values).filter((entry) => typeof entry[1] === "number")) as Record<
    string,
    number
  >,
  categories: typeof values.region === "string" ? { region: values.region } : {},
  text: "",
});

let root = "";
let built: BuiltScorecard;
let model: ScoringModel;
let unit = 0;

async function publish(scorecard: ScorecardSpec) {
  built = await buildScorecard({ model: MODEL, scorecard, configHash: "c".repeat(64), runOnnx, table: null });
  const publication = { ...built, modelName: MODEL.name, origin: "scorecard" as const, configHash: "c".repeat(64) };
  const by = { setBy: "test", reason: "first" };
  return await publishModel(root, { ...publication, evaluation: null, now: new Date(0) }, by);
}

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "scorecard-"));
  const { version } = await publish(SCORECARD);
  model = await openScoringModel(await readVersion(root, MODEL.name, version));
  unit = model.bundle.outputPerPoint ?? Number.NaN;
});
afterAll(async () => {
  await model.release();
  await rm(root, { recursive: true, force: true });
});

/** Values at and beside each limit, far ones, and missing ones. */
const between = (min: number, max: number, ...limits: number[]) =>
  fc.oneof(
    fc.constantFrom(min, max, ...limits),
    fc
      .double({ min, max, noNaN: true })
      .map(Math.fround)
      .filter((x) => x >= min && x <= max),
  );
const VALUES = fc.record({
  delay: fc.option(between(-10, 365, 0.1, 0.09999, 30, 29.999, 90), { nil: undefined }),
  share: fc.option(between(0, 1, 0.3, 0.2999), { nil: undefined }),
  audits: between(0, 10, 1, 0.999),
  age: fc.option(between(-8, -5), { nil: undefined }),
  spend: fc.option(between(0, 1e12), { nil: undefined }),
  region: fc.constantFrom("EU", "__proto__", "APAC", undefined),
});

test("the output is the sum of the points, and contributions add up to it exactly, by feature", async () => {
  await fc.assert(
    fc.asyncProperty(VALUES, async (values) => {
      const { output, riskScore, contributions, band } = await scoreSupplier(model, inputOf(values), "supplier");
      const points = SCORECARD.features.map((feature) =>
        pointsOf(feature, values[feature.name as keyof typeof values]),
      );
      const sum = points.reduce((total, each) => total + each, 0);
      expect(output).toBe(sum * unit);
      expect(model.explainer?.baseValue).toBe(REFERENCE_POINTS * unit);
      const total = contributions.reduce((all, { contribution }) => all + contribution, REFERENCE_POINTS * unit);
      expect(total).toBe(output);
      for (const [i, { name }] of SCORECARD.features.entries()) {
        const reference = name === "delay" ? -3 : name === "age" ? 2 : 0;
        const contribution = contributions.find(({ feature }) => feature === name)?.contribution ?? Number.NaN;
        expect(contribution / unit + reference).toBe(points[i]);
      }
      const odds = (0.04 / 0.96) * 2 ** ((sum - 10) / 7);
      expect(riskScore).toBeCloseTo(odds / (1 + odds), 12);
      expect(band).toBe(sum >= 40 ? "high" : sum >= 20 ? "medium" : "low");
    }),
    { numRuns: 300 },
  );
});

test("a missing value that the model configuration refuses is rejected, and other missing values have their points", async () => {
  await expect(scoreSupplier(model, inputOf({ delay: 3 }), "supplier")).rejects.toThrow("audits");
  const { output, missing } = await scoreSupplier(model, inputOf({ audits: 2 }), "supplier");
  expect([output, missing]).toEqual([
    (13 + 0 + 0 + 6 + 5) * unit,
    ["delay", "share", "age", "spend", "region", "contract_text"],
  ]);
});

test("features without points do not count for the minimum, and each of their categories is known", async () => {
  const grade: FeatureSpec = { ...number, name: "grade", kind: "category", unit: "", range: null };
  const task = { scorecard: { ...SCORECARD, unused: ["spend", "grade", "contract_text"] }, configHash: "c".repeat(64) };
  const { bundle } = await buildScorecard({
    ...{ ...task, runOnnx, table: null },
    model: { ...MODEL, features: [...FEATURES, grade], minimumPresent: 0.4 },
  });
  const vectorizer = createVectorizer(bundle);
  const supplier = (categories: Record<string, string>, ...known: string[]) => ({
    ...{ features: Object.fromEntries(known.map((name) => [name, name === "age" ? -6 : 1])), categories, text: "" },
  });
  // Five features have points, so that two are enough.
  const enough = vectorizer.vectorize(supplier({ grade: "A" }, "audits", "share"), "supplier");
  expect(enough).toMatchObject({
    enough: true,
    warnings: [],
    missing: ["delay", "age", "spend", "region", "contract_text"],
  });
  const tooFew = vectorizer.vectorize(supplier({ grade: "A" }, "audits", "spend"), "supplier");
  expect(tooFew.enough).toBe(false);
  expect(tooFew.warnings.map(({ message }) => message)).toEqual([
    "1 of 5 features with points are known, not counting the text contract_text; a score needs 2",
  ]);
  const batch = vectorizer.vectorizeBatch({
    ...{ rows: 2, texts: null, categories: new Map([["grade", ["A", null]]]) },
    numbers: new Map([
      ["audits", Float64Array.of(1, 1)],
      ["share", Float64Array.of(1, Number.NaN)],
      ["spend", Float64Array.of(Number.NaN, 1)],
    ]),
  });
  expect([[...batch.tooFew], [...batch.missingCounts], batch.unknownCategories.size]).toEqual([[0, 1], [5, 6], 0]);
});

test("a counterfactual moves a value into the nearest range that is enough, and proposes nothing without points", async () => {
  const find = createCounterfactualFinder(model);
  const supplier = inputOf({ delay: 200, share: 0.5, audits: 3, age: -6, spend: 5, region: "EU" });
  const request = { supplier, targetBand: "low" as const, maxChanges: 2 as const, maxAnswers: 3, limits: [] };
  const { outcome, counterfactuals, fixed } = await find(request, "supplier", {
    ...DEFAULT_BUDGET,
    isStopped: () => false,
  });
  // 29 + 17 + 0 + 2 + 0 points; fewer than 20 need both the delay and the share, or the region and the delay.
  expect(outcome).toBe("found");
  expect(counterfactuals[0]?.score.output).toBeLessThan(20 * unit);
  expect(fixed).toEqual(
    expect.arrayContaining([
      { feature: "spend", reason: "unused" },
      { feature: "contract_text", reason: "text" },
    ]),
  );
});

test("the same scorecard makes the same bytes, and one other point makes another version", async () => {
  const { bundleJson, onnx } = built;
  expect(await publish(SCORECARD)).toMatchObject({ version: "v1", isNew: false });
  expect([built.bundleJson, Buffer.from(built.onnx).equals(onnx)]).toEqual([bundleJson, true]);
  const [first, ...rest] = SCORECARD.features;
  const changed = { ...SCORECARD, features: [{ ...first, missing: 14 } as ScoredFeature, ...rest] };
  expect(await publish(changed)).toMatchObject({ version: "v2", isNew: true, alias: "challenger" });
});

test("at the largest sum of points, every order of the summands is exact in float32", async () => {
  const wide: ScorecardSpec = {
    ...SCORECARD,
    features: SCORECARD.features.map((feature) =>
      feature.name === "delay" && feature.kind === "numeric"
        ? {
            ...feature,
            missing: 1000,
            ranges: Array.from({ length: 16 }, (_, i) => ({
              from: -10 + i,
              to: i === 15 ? 365 : -9 + i,
              points: i % 2 === 0 ? 1000 : -1000,
            })),
          }
        : feature,
    ),
  };
  const { treeModel, bundle } = await buildScorecard({
    model: MODEL,
    scorecard: wide,
    configHash: "",
    runOnnx,
    table: null,
  });
  const values = [...treeModel.base, ...treeModel.trees.flatMap(({ value }) => [...value])].map(Math.abs);
  const sum = values.reduce((total, value) => total + value, 0);
  expect(sum / (bundle.outputPerPoint ?? 0)).toBeLessThan(2 ** 16);
  for (const value of values) expect(Math.fround(value)).toBe(value);
});

test("the card has every number of points, the scale, and says that it is a judgement", () => {
  const { modelCard } = built;
  for (const text of [
    "| `delay` | below 0.1 | −3 |",
    "| `delay` | 90 and more | +29 |",
    "| `region` | any other, or missing | +5 |",
    "| `age` | any number | +2 |",
    "10 points are a probability of 4 %; 7 more points double the odds.",
    "`spend`, `contract_text`",
    "The scale is a judgement",
    "`delay` −3, `age` +2",
  ])
    expect(modelCard).toContain(text);
});
