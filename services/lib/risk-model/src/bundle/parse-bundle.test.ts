import { expect, test } from "vitest";
import { BundleError, parseFeatureBundle } from "./parse-bundle.ts";

const SPEND = {
  name: "spend",
  kind: "numeric",
  unit: "usd",
  range: [0, 9],
  missing: "keep",
  direction: "raises",
  monotone: false,
  immutable: false,
  training: { min: 0, max: 9, median: 4 },
  categories: [],
};
const REGION = { ...SPEND, name: "region", kind: "category", range: null, training: null, categories: ["North"] };
const GOOD = {
  format: "bellwether.feature-bundle/1",
  modelName: "risk",
  modelKind: "gradient_boosting",
  configHash: "",
  features: [SPEND, REGION],
  columns: [
    { kind: "numeric", feature: "spend" },
    { kind: "category", feature: "region", category: "North" },
    { kind: "term", feature: "contract", term: "penalty" },
  ],
  text: { feature: "contract", stopWords: "english", terms: ["penalty"], idf: [1.5] },
  minimumPresent: 0.5,
  outputSpace: "margin",
  classes: { risk: "high", other: "low" },
  calibration: { kind: "none" },
  bands: { high: 0.7, medium: 0.4 },
  explanation: { kind: "path-dependent", background: "" },
  golden: [{ row: [1, null, 0], output: -0.5 }],
  seed: 0,
};
const parse = (changes: object) => parseFeatureBundle(JSON.stringify({ ...GOOD, ...changes }));

test.each([
  {},
  { calibration: { kind: "intercept", intercept: -3 } },
  { calibration: { kind: "platt", slope: 0.1, intercept: 0 } },
  { calibration: { kind: "isotonic", x: [-1, 0], y: [0, 1] } },
  { minimumPresent: 0 },
  { minimumPresent: 1 },
  { features: [{ ...SPEND, monotone: undefined }, REGION] },
  { rounding: "down" },
  { explanation: { kind: "interventional", background: "", rows: [[1, null, 0]] } },
  { golden: [{ row: [1, null, 0], output: 1, riskScore: null }] },
  { golden: [{ row: [1, null, 0], output: 1, riskScore: 1 }] },
])("reads a bundle with %j", (changes) => {
  expect(parse(changes)).toEqual(JSON.parse(JSON.stringify({ ...GOOD, ...changes })));
});

const WRONG: [string, unknown][] = [
  ["calibration", {}],
  ["calibration", { kind: "intercept" }],
  ["calibration.slope", { kind: "platt", slope: 0, intercept: 0 }],
  ["calibration.y", { kind: "isotonic", x: [0, 1], y: [1, 0] }],
  ["calibration.y", { kind: "isotonic", x: [0, 1], y: [0, 1.1] }],
  ["calibration.x", { kind: "isotonic", x: [1, 0], y: [0, 1] }],
  ["calibration", { kind: "isotonic", x: [0, 1], y: [0] }],
  ["calibration", { kind: "isotonic", x: [], y: [] }],
  ["minimumPresent", {}],
  ["minimumPresent", -0.1],
  ["minimumPresent", 1.1],
  ["bands", {}],
  ["bands", { high: 0.4, medium: 0.4 }],
  ["bands", { high: 1, medium: 0.4 }],
  ["bands", { high: 0.7, medium: 0 }],
  ["classes", {}],
  ["classes.other", { risk: "high", other: " " }],
  ...["modelName", "outputSpace", "modelKind"].flatMap((field) =>
    [null, {}, -1, ""].map((value): [string, unknown] => [field, value]),
  ),
  ["features[0].training", [{ ...SPEND, training: { min: 0, max: 1, median: 2 } }, REGION]],
  ["features[0].range", [{ ...SPEND, range: [2, 1] }, REGION]],
  ["features: two", [SPEND, SPEND]],
  ["columns[0]", [{ kind: "numeric", feature: "region" }]],
  ["columns[0]", [{ kind: "category", feature: "region", category: "South" }]],
  ["columns[0]", [{ kind: "term", feature: "contract", term: "delay" }]],
  ["text", { ...GOOD.text, idf: [] }],
  ["golden[0].row", [{ row: [1, 2], output: 1 }]],
  ["golden[0].output", [{ row: [1, 2, 3], output: null }]],
  ["golden[0].riskScore", [{ row: [1, 2, 3], output: 1, riskScore: 2 }]],
  ["explanation.rows[0]", { kind: "interventional", background: "", rows: [[1]] }],
  ["seed", -1],
];
test.each(WRONG)("rejects a bundle whose %s is wrong: %j", (where, value) => {
  const field = where.split(/[.:[]/)[0] ?? "";
  expect(() => parse({ [field]: value })).toThrow(BundleError);
  expect(() => parse({ [field]: value })).toThrow(`feature_bundle.json: ${where}`);
});

test.each(Object.keys(GOOD))("rejects a bundle without %s", (field) => {
  expect(() => parse({ [field]: undefined })).toThrow(BundleError);
});
