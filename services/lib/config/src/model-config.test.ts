import { expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { outcomesOf, parseModelConfig } from "./model-config.ts";
import type { ModelSpec } from "./model-spec.ts";
import { parseYaml } from "./yaml-file.ts";

const GOOD = `version: 1
name: supplier-risk
features:
  - name: avg_delay
    kind: numeric
    unit: days
    range: [-365, 3650]
    missing: median
    direction: raises
  - { name: region, kind: category, immutable: true }
text: { name: contract_text, max_terms: 50 }
target: { name: high_risk, risk_class: high, other_class: other }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer:
  kind: gradient_boosting
  trees: 100
  max_depth: 4
  learning_rate: 0.1
  l2: 1
  min_child_weight: 1
  subsample: 1
  column_sample: 1
split: { by: time, test_from: 2012-10-01, horizon_days: 90 }
seed: 42
`;

function parse(text: string): ModelSpec {
  return parseModelConfig(parseYaml(text, "m.yaml"));
}

function violationsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

test("training enforces a declared direction unless monotone is false; a feature without a direction has nothing to enforce", () => {
  const monotone = (lines: readonly string[]) =>
    parse(GOOD.replace("direction: raises", lines.join("\n    "))).features.map((feature) => feature.monotone);
  expect(monotone(["direction: lowers"])).toEqual([true, false]);
  expect(monotone(["direction: lowers", "monotone: false"])).toEqual([false, false]);
  expect(monotone(["direction: unknown", "monotone: true"])).toEqual([false, false]);
});

test("reads a model configuration into the trainer's form, with defaults", () => {
  const config = parse(GOOD);
  expect(config.features).toEqual([
    {
      name: "avg_delay",
      kind: "numeric",
      unit: "days",
      range: [-365, 3650],
      missing: "median",
      direction: "raises",
      monotone: true,
      immutable: false,
    },
    {
      name: "region",
      kind: "category",
      unit: "",
      range: null,
      missing: "keep",
      direction: "unknown",
      monotone: false,
      immutable: true,
    },
  ]);
  expect(config.text).toEqual({ name: "contract_text", maxTerms: 50, stopWords: "english" });
  expect(config.split).toEqual({
    by: "time",
    testShare: 0.2,
    testFrom: "2012-10-01",
    gapDays: 0,
    horizonDays: 90,
    calibrationShare: null,
  });
  expect(config.trainer).toMatchObject({ kind: "gradient_boosting", maxDepth: 4, minChildWeight: 1 });
});

test("reports every violation at once, in the order of the file, with position, value and expected form", () => {
  const bad = GOOD.replace("unit: days", "unti: days")
    .replace("[-365, 3650]", "[5, 1]")
    .replace("name: region", "name: avg_delay")
    .replace("medium: 0.4", "medium: 0.9")
    .replace("trees: 100", "trees: many")
    .replace("seed: 42", "seed: -1\nsede: 42");
  expect(violationsOf(bad)).toEqual([
    'm.yaml:4:5 features[0].unit: found nothing, expected a unit of 1 to 40 characters, e.g. days; "" when it is not known',
    'm.yaml:6:5 features[0]: found the unknown key "unti", expected the known key "unit"',
    "m.yaml:7:12 features[0].range: found [5,1], expected [min, max], the physically possible numbers, min < max",
    'm.yaml:10:13 features[1].name: found "avg_delay" again, expected a name that nothing else in this file has',
    'm.yaml:13:8 bands: found {"high":0.7,"medium":0.9}, expected medium below high',
    'm.yaml:17:10 trainer.trees: found "many", expected an integer from 1 to 2000',
    "m.yaml:25:7 seed: found -1, expected an integer from 0 to 4294967295",
    'm.yaml:26:1 found the unknown key "sede", expected the known key "seed"',
  ]);
});

test("a unit that is not known is an empty text, and must be written", () => {
  expect(parse(GOOD.replace("unit: days", 'unit: ""')).features[0]?.unit).toBe("");
  for (const unit of ["", " ", '" "', '" days"', "null"])
    expect(violationsOf(GOOD.replace("unit: days", `unit: ${unit}`))[0]).toContain("features[0].unit: found");
});

test.each([
  ["kind: numeric", "kind: numerical", 'features[0].kind: found "numerical", expected a feature with kind'],
  ["missing: median", "missing: mean", 'features[0].missing: found "mean", expected one of refuse, keep, median'],
  ["name: avg_delay", "name: Avg Delay", 'features[0].name: found "Avg Delay", expected a name of a-z'],
  ["kind: gradient_boosting", "kind: neural", 'trainer.kind: found "neural", expected a trainer with kind'],
  ["max_depth: 4", "max_depth: 17", "trainer.max_depth: found 17, expected an integer from 1 to 16"],
  ["learning_rate: 0.1", "learning_rate: .nan", "trainer.learning_rate: found NaN, expected a share above 0"],
  ["[-365, 3650]", "[0, .inf]", "features[0].range: found [0,null], expected [min, max]"],
  ["2012-10-01", "2012-02-30", 'split.test_from: found "2012-02-30", expected a date YYYY-MM-DD'],
  ["by: time", "by: supplier", 'split.test_from: found "2012-10-01", expected no test_from'],
  ["name: supplier-risk", "name: ../../etc", 'name: found "../../etc", expected a model name'],
  ["version: 1", "version: 2", "version: found 2, expected 1, the version that this release reads"],
  ["high: 0.7", "high: 1", "bands.high: found 1, expected a number between 0 and 1"],
  ["name: contract_text", "name: region", 'text.name: found "region" again'],
  [
    "learning_rate:",
    "learnig_rate:",
    'trainer: found the unknown key "learnig_rate", expected the known key "learning_rate"',
  ],
])("rejects %s written as %s", (good, bad, expected) => {
  expect(violationsOf(GOOD.replace(good, bad)).some((m) => m.includes(expected))).toBe(true);
});

test.each([
  ["features: []", "features: found [], expected at least one feature"],
  ["features: 3", "features: found 3, expected a list of features"],
])("rejects %s", (line, expected) => {
  const bad = GOOD.replace(/features:[\s\S]*?(?=text:)/, `${line}\n`);
  expect(violationsOf(bad).some((m) => m.includes(expected))).toBe(true);
});

test("a list, a scalar or an unrelated map is one clear violation or a short list", () => {
  for (const text of ["- 1\n- 2\n", "just words\n", "42\n"]) expect(violationsOf(text)).toHaveLength(1);
  expect(violationsOf("a: 1\n").length).toBeGreaterThan(5);
});

test("a declared change has defaults, and without one the configuration stays as it was", () => {
  const withChange = (lines: string) => parse(GOOD.replace("direction: raises", `direction: raises\n    ${lines}`));
  expect(parse(GOOD).features.map(({ change }) => change)).toEqual([undefined, undefined]);
  expect(parse(GOOD).features.every((feature) => !("change" in feature))).toBe(true);
  expect(withChange("change: { step: 5 }").features[0]?.change).toEqual({
    ...{ direction: "any", range: null, step: 5, cost: 1 },
  });
  expect(withChange("change: { direction: decrease, range: [0, 60], step: 5, cost: 0.5 }").features[0]?.change).toEqual(
    {
      ...{ direction: "decrease", range: [0, 60], step: 5, cost: 0.5 },
    },
  );
  expect(withChange("change: { range: [7, 7], step: 7 }").features[0]?.change?.range).toEqual([7, 7]);
  expect(parse(GOOD.replace("immutable: true", "change: { cost: 3 }")).features[1]?.change).toEqual({
    ...{ direction: "any", range: null, step: null, cost: 3 },
  });
});

test("every violation of the declared changes is reported at once, with its line", () => {
  const features = `features:
  - name: avg_delay
    kind: numeric
    unit: days
    range: [0, 100]
    change: { direction: down, range: [-5, 60], step: 0, cost: 0 }
  - name: disputes
    kind: numeric
    unit: disputes
    range: [1, 9]
    change:
      range: [1, 4]
      step: 5
  - name: revenue
    kind: numeric
    unit: usd
    range: [0, 9]
    immutable: true
    change: { cost: 2 }
  - { name: region, kind: category, change: { direction: any } }
  - { name: score, kind: numeric, unit: points, range: [0, 1], change: { range: [2, 1], steps: 1 } }
`;
  expect(violationsOf(GOOD.replace(/features:\n(.*\n)*? {2}- \{ name: region.*\n/, features))).toEqual([
    'm.yaml:8:26 features[0].change.direction: found "down", expected one of any, increase, decrease',
    "m.yaml:8:39 features[0].change.range: found [-5,60], expected numbers in the feature's range [0,100]",
    "m.yaml:8:55 features[0].change.step: found 0, expected a number above 0",
    "m.yaml:8:64 features[0].change.cost: found 0, expected a number from 0.001 to 1000",
    "m.yaml:15:13 features[1].change.step: found 5, expected a step of which a multiple is in [1,4]",
    "m.yaml:21:13 features[2].change: found change beside immutable: true, expected one of the two",
    'm.yaml:22:47 features[3].change: found the unknown key "direction", expected only the keys cost',
    "m.yaml:23:81 features[4].change.range: found [2,1], expected [min, max], the numbers that a counterfactual may propose, min ≤ max",
    'm.yaml:23:89 features[4].change: found the unknown key "steps", expected the known key "step"',
  ]);
});

test("a grid has lists of settings, at most 24 combinations; without one, the trainer has no field for it", () => {
  const withGrid = (grid: string) => GOOD.replace("  trees: 100", `  trees: 100\n  grid: ${grid}`);
  expect(parse(GOOD).trainer).not.toHaveProperty("grid");
  const { trainer } = parse(withGrid("{ max_depth: [2, 3], learning_rate: [0.05] }"));
  expect(trainer.grid).toEqual({ maxDepth: [2, 3], learningRate: [0.05] });
  for (const [grid, expected] of [
    ["{ max_depth: [2, 99] }", "trainer.grid.max_depth[1]: found 99, expected an integer from 1 to 16"],
    ["{ max_depth: [] }", "expected at least one value"],
    ["{}", "expected at least one of max_depth, learning_rate, l2, min_child_weight"],
    ["{ max_deph: [2] }", 'found the unknown key "max_deph", expected the known key "max_depth"'],
    ["[2, 3]", "expected a grid: lists of values for max_depth, learning_rate, l2, min_child_weight"],
    ["{ max_depth: [1,2,3,4,5], learning_rate: [0.1, 0.2, 0.3, 0.4, 0.5] }", "expected at most 24 combinations"],
  ] as const)
    expect(violationsOf(withGrid(grid)).join("\n")).toContain(expected);
});

test("outcomes have a definition, a horizon and a delay; without them, the horizon is that of the split, else 90 days", () => {
  const of = (text: string) => outcomesOf(parse(`${GOOD}${text}`));
  expect(of("outcomes: { definition: insolvency, horizon_days: 30, complete_after_days: 0 }\n")).toEqual({
    ...{ definition: "insolvency", horizonDays: 30, completeAfterDays: 0 },
  });
  expect(of("")).toEqual({ definition: "", horizonDays: 90, completeAfterDays: null });
  const unsplit = parse(GOOD.replace(", horizon_days: 90", ""));
  expect([outcomesOf(unsplit).horizonDays, outcomesOf(null).horizonDays]).toEqual([90, 90]);
  for (const wrong of [
    "{ definition: x }",
    "{ horizon_days: 0 }",
    "{ horizon_days: 3651 }",
    "{ horizon_days: 30, days: 1 }",
  ])
    expect([wrong, violationsOf(`${GOOD}outcomes: ${wrong}\n`).length]).toEqual([wrong, 1]);
});
