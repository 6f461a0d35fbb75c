import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { FeatureBundle } from "../src/bundle/feature-bundle.ts";
import { calibratedRisk } from "../src/calibrate/calibration.ts";
import { refitCalibration } from "../src/calibrate/choose-calibration.ts";
import { plattCurve } from "../src/calibrate/fit-platt.ts";
import { slopeInterval } from "../src/calibrate/slope-interval.ts";
import { singleFeatureBaseline } from "../src/evaluate/baseline.ts";
import { compareScores } from "../src/evaluate/compare-scores.ts";
import { evaluateScores } from "../src/evaluate/evaluation.ts";
import { createVectorizer } from "../src/features/vectorize.ts";
import { createRandom } from "../src/random.ts";
import { createTextWriter, fitTfIdf } from "../src/text/tf-idf.ts";
import { supplierFolds, timeFolds } from "../src/training/folds.ts";
import { splitRows } from "../src/training/split-rows.ts";

// A change of a value in this file changes the bits of a figure that is published, stored or shown.

/** Returns the first 16 digits of the SHA-256 of a result's bytes, or of its JSON. NaN is null in JSON. */
const digest = (result: unknown): string =>
  createHash("sha256")
    .update(ArrayBuffer.isView(result) ? new Uint8Array(result.buffer) : JSON.stringify(result))
    .digest("hex")
    .slice(0, 16);

const ROWS = 4_000;

/** Returns 4,000 outputs with ties, and labels that depend on them; suppliers have one to five rows. */
function scored() {
  const random = createRandom(3, "golden figures");
  const outputs = Float64Array.from({ length: ROWS }, () => Math.round(random.normal() * 400) / 200);
  const labels = Uint8Array.from(outputs, (x) => (random.uniform() < 1 / (1 + Math.exp(-1.3 * x)) ? 1 : 0));
  const suppliers = Array.from({ length: ROWS }, () => `S${random.below(1_500)}`);
  return { random, outputs, labels, suppliers };
}

test("calibrations are fitted and applied with the recorded bits", () => {
  const { outputs, labels, suppliers } = scored();
  const fitted = (["platt", "isotonic", "intercept", "none"] as const).map((kind) => {
    const calibration = refitCalibration(kind, outputs, labels, "margin");
    return [
      kind,
      {
        fit: digest(calibration),
        scores: digest(outputs.map((x) => calibratedRisk({ calibration, outputSpace: "margin" }, x))),
      },
    ];
  });
  const curve = plattCurve(outputs, labels);
  expect({
    ...Object.fromEntries(fitted),
    interval: digest(slopeInterval(curve, outputs, labels, suppliers)),
  }).toMatchInlineSnapshot(`
    {
      "intercept": {
        "fit": "8f8581777d9f1cea",
        "scores": "a88ffc5790921c74",
      },
      "interval": "b02538bf7f8f78f5",
      "isotonic": {
        "fit": "5ada3e259a402862",
        "scores": "1472f2c4f98a673a",
      },
      "none": {
        "fit": "2ff9cdff091aef6f",
        "scores": "e48e1621259f1be6",
      },
      "platt": {
        "fit": "43ad5f4288a6a4f3",
        "scores": "a718ec302173bde6",
      },
    }
  `);
});

test("evaluations and comparisons have the recorded bits", () => {
  const { random, outputs, labels, suppliers } = scored();
  const first = outputs.map((x) => 1 / (1 + Math.exp(-x)));
  const second = first.map((p) => Math.min(1, Math.max(0, p + 0.2 * (random.uniform() - 0.5))));
  const rows = Uint32Array.from(labels.keys());
  const table = {
    ...{ rows: ROWS, supplierIds: suppliers, asOfDays: null, categories: new Map(), texts: null, labels },
    numbers: new Map([
      ["noise", Float64Array.from(labels, () => random.normal())],
      ["output", outputs.map((x) => (random.uniform() < 0.1 ? Number.NaN : -x))],
      ["unknown", new Float64Array(ROWS).fill(Number.NaN)],
    ]),
  };
  const baseline = singleFeatureBaseline(
    table,
    labels,
    ["noise", "absent", "output", "unknown"],
    rows.filter((row) => row % 3 !== 0),
    rows.filter((row) => row % 3 === 0),
  );
  const { intervals, ...evaluation } = evaluateScores(first, labels, suppliers, {
    trainingRate: 0.4,
    baseline,
    seed: 7,
  });
  expect({
    evaluation: digest(evaluation),
    intervals: digest(intervals),
    comparison: digest(compareScores(first, second, labels, suppliers, 7)),
    onlyUnknown: digest(singleFeatureBaseline(table, labels, ["unknown"], rows, rows)),
  }).toMatchInlineSnapshot(`
    {
      "comparison": "9425fd290ba1d400",
      "evaluation": "35eebae27160ef6f",
      "intervals": "889eb24341db8fb1",
      "onlyUnknown": "a680c27104ad3f29",
    }
  `);
});

test("splits and folds contain the recorded rows", () => {
  const { random, labels, suppliers } = scored();
  const table = {
    ...{ rows: ROWS, supplierIds: suppliers, numbers: new Map(), categories: new Map(), texts: null, labels },
    asOfDays: Int32Array.from(labels, () => 18_000 + random.below(700)),
  };
  const rows = Uint32Array.from(labels.keys()).filter((row) => row % 7 !== 0);
  const split = { testShare: 0.25, testFrom: null, gapDays: 14, horizonDays: 60, calibrationShare: 0.2 };
  const sides = (by: "time" | "supplier") => digest(Object.values(splitRows(table, rows, { by, ...split }, 5)));
  const folds = [...supplierFolds(table, rows, 5), ...timeFolds(table, rows, { by: "time", ...split })];
  expect({
    byTime: sides("time"),
    bySupplier: sides("supplier"),
    folds: digest(folds.map(({ train, held }) => [[...train], [...held]])),
  }).toMatchInlineSnapshot(`
    {
      "bySupplier": "fb3424c4c6aa4c04",
      "byTime": "af8ca27cbc895427",
      "folds": "14ac7cd2a9ea68c1",
    }
  `);
});

test("texts and suppliers become the recorded rows", () => {
  const { random, outputs, labels } = scored();
  const words = ["delay", "Penalty", "überfällig", "契約", "the", "risk2", "x", "𝒳𝒴", "clause", "breach"];
  const texts = Array.from({ length: 200 }, () =>
    Array.from({ length: random.below(30) }, () => words[random.below(words.length)]).join(
      random.uniform() < 0.5 ? " " : ", ",
    ),
  );
  const text = fitTfIdf(texts, { name: "contract", maxTerms: 6, stopWords: "english" });
  const weights = new Float32Array(texts.length * text.terms.length);
  const write = createTextWriter(text);
  for (const [row, content] of texts.entries()) write(content, weights, row * text.terms.length);

  const number = {
    ...({ kind: "numeric", unit: "", direction: "unknown", monotone: false, immutable: false } as const),
    ...{ training: { min: -3, max: 3, median: 0.25 }, categories: [] },
  };
  const features = [
    { ...number, name: "kept", range: [-4, 4] as const, missing: "keep" as const },
    { ...number, name: "filled", range: null, missing: "median" as const },
    { ...number, name: "needed", range: null, missing: "refuse" as const },
    {
      ...number,
      name: "code",
      range: null,
      missing: "keep" as const,
      codes: { values: [3, 5, 8], labels: ["a", "b", "a"], other: 9 },
    },
    {
      ...number,
      name: "region",
      kind: "category" as const,
      range: null,
      missing: "keep" as const,
      training: null,
      categories: ["north", "south"],
    },
  ];
  const bundle: FeatureBundle = {
    ...{ format: "bellwether.feature-bundle/1", modelName: "m", modelKind: "imported", configHash: "", features, text },
    columns: [
      ...["kept", "filled", "needed", "code"].map((feature) => ({ kind: "numeric" as const, feature })),
      ...["north", "south"].map((category) => ({ kind: "category" as const, feature: "region", category })),
      ...text.terms.map((term) => ({ kind: "term" as const, feature: text.feature, term })),
    ],
    ...{
      minimumPresent: 0.5,
      outputSpace: "margin",
      classes: { risk: "r", other: "o" },
      calibration: { kind: "none" },
    },
    ...{ bands: { high: 0.7, medium: 0.4 }, explanation: { kind: "none", background: "" }, golden: [], seed: 1 },
  };
  const rows = texts.length;
  const gaps = (share: number) =>
    Float64Array.from({ length: rows }, (_, i) => (random.uniform() < share ? Number.NaN : (outputs[i] ?? 0)));
  const chosen = (values: readonly (string | null)[]) =>
    Array.from({ length: rows }, () => values[random.below(values.length)] ?? null);
  const input = {
    rows,
    numbers: new Map([
      ["kept", gaps(0.2)],
      ["filled", gaps(0.5)],
      ["needed", gaps(0.05)],
      ["code", gaps(0.9)],
    ]),
    categories: new Map([
      ["code", chosen(["a", "b", "c", null, null])],
      ["region", chosen(["north", "south", "east", null])],
    ]),
    texts,
  };
  const roundings = [bundle, { ...bundle, rounding: "down" as const }].map((one) => {
    const { values, missingCounts, tooFew, violations } = createVectorizer(one).vectorizeBatch(input);
    return [digest(values), digest(missingCounts), digest(tooFew), digest(violations)];
  });
  expect({
    vocabulary: digest(text),
    weights: digest(weights),
    roundings,
    labels: digest(labels),
  }).toMatchInlineSnapshot(`
    {
      "labels": "6d4dac7cedb1b244",
      "roundings": [
        [
          "9397e32cdbcafac4",
          "30f467a3338115b3",
          "17269375a2c80b5e",
          "379e0e2716091a36",
        ],
        [
          "0fac702a9651a184",
          "30f467a3338115b3",
          "17269375a2c80b5e",
          "379e0e2716091a36",
        ],
      ],
      "vocabulary": "adbe9e0a3f5fe496",
      "weights": "3a5577780dfa2e43",
    }
  `);
});
