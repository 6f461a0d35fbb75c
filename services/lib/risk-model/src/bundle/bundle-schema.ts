import { z } from "zod";
import { LEAST_COST, MOST_COST } from "./change-cost.ts";

const text = z.string({ error: "expected a text" });
const name = text.refine((value) => value.trim() !== "", { error: "expected a text that is not empty" });
const number = z.number({ error: "expected a finite number" });
const share = number.refine((x) => x >= 0 && x <= 1, { error: "expected a number from 0 to 1" });
const flag = z.boolean({ error: "expected true or false" });
const listOf = <T extends z.ZodType>(item: T) => z.array(item, { error: "expected a list" });
const mapOf = <T extends z.ZodRawShape>(shape: T) => z.object(shape, { error: "expected a map" });
const oneOf = <const T extends readonly string[]>(...choices: T) =>
  z.enum(choices, { error: `expected one of ${choices.join(", ")}` });

const rising = (list: readonly number[]): boolean => list.every((x, i) => i === 0 || x >= list[i - 1]);

const isotonic = mapOf({
  kind: z.literal("isotonic"),
  x: listOf(number).refine(rising, { error: "expected numbers that never fall" }),
  y: listOf(share).refine(rising, { error: "expected numbers that never fall" }),
}).refine(({ x, y }) => x.length > 0 && x.length === y.length, { error: "expected as many x as y, at least one" });

const calibration = z.discriminatedUnion(
  "kind",
  [
    mapOf({ kind: z.literal("none") }),
    mapOf({ kind: z.literal("intercept"), intercept: number }),
    mapOf({
      kind: z.literal("platt"),
      slope: number.refine((x) => x > 0, { error: "expected a number above 0" }),
      intercept: number,
    }),
    isotonic,
  ],
  { error: "expected a map whose kind is none, intercept, platt or isotonic" },
);

const row = listOf(number.nullable());

const explanation = z.discriminatedUnion(
  "kind",
  [
    mapOf({ kind: z.literal("path-dependent"), background: text }),
    mapOf({ kind: z.literal("interventional"), background: text, rows: listOf(row) }),
    mapOf({ kind: z.literal("none"), background: text }),
  ],
  { error: "expected a map whose kind is path-dependent, interventional or none" },
);

const change = mapOf({
  direction: oneOf("any", "increase", "decrease"),
  range: z
    .tuple([number, number], { error: "expected two numbers or null" })
    .refine(([low, high]) => low <= high, { error: "expected the lower number first" })
    .nullable(),
  step: number.refine((x) => x > 0, { error: "expected a number above 0" }).nullable(),
  cost: number.refine((x) => x >= LEAST_COST && x <= MOST_COST, {
    error: `expected a number from ${LEAST_COST} to ${MOST_COST}`,
  }),
});

const codes = mapOf({
  values: listOf(number),
  labels: listOf(text).nullable(),
  other: number.nullable(),
}).refine(({ values, labels }) => labels === null || labels.length === values.length, {
  error: "expected as many labels as values",
});

const feature = mapOf({
  name,
  kind: oneOf("numeric", "category"),
  unit: text,
  range: z
    .tuple([number, number], { error: "expected two numbers or null" })
    .refine(([low, high]) => low <= high, { error: "expected the lower number first" })
    .nullable(),
  missing: oneOf("refuse", "keep", "median"),
  direction: oneOf("raises", "lowers", "unknown"),
  // Bundles of earlier releases do not have this field.
  monotone: flag.optional(),
  immutable: flag,
  wording: mapOf({
    unit: text.optional(),
    scale: number.optional(),
    increases: text.optional(),
    lowers: text.optional(),
  }).optional(),
  // Only where the configuration declares it.
  de: mapOf({ name: text.optional(), unit: text.optional() }).optional(),
  change: change.optional(),
  training: mapOf({ min: number, max: number, median: number })
    .refine(({ min, median, max }) => min <= median && median <= max, { error: "expected min ≤ median ≤ max" })
    .nullable(),
  categories: listOf(text),
  codes: codes.optional(),
  unused: z.literal(true, { error: "expected true, or leave it out" }).optional(),
});

const column = z.discriminatedUnion(
  "kind",
  [
    mapOf({ kind: z.literal("numeric"), feature: name }),
    mapOf({ kind: z.literal("category"), feature: name, category: text }),
    mapOf({ kind: z.literal("term"), feature: name, term: name }),
  ],
  { error: "expected a map whose kind is numeric, category or term" },
);

const vocabulary = mapOf({
  feature: name,
  stopWords: oneOf("english", "none"),
  de: mapOf({ name: text.optional() }).optional(),
  terms: listOf(name),
  idf: listOf(number.refine((x) => x > 0, { error: "expected a number above 0" })),
}).refine(({ terms, idf }) => terms.length === idf.length, { error: "expected as many terms as idf" });

const count = number.refine((x) => Number.isSafeInteger(x) && x >= 0, { error: "expected an integer, 0 or more" });

const profileRows = { feature: name, rows: count, missing: count, suppliers: count };

const numericProfile = mapOf({
  kind: z.literal("numeric"),
  ...profileRows,
  cuts: listOf(mapOf({ cut: number, below: count, typical: number.nullable(), at: count.nullable() }))
    .refine((cuts) => cuts.length <= 1_024, { error: "expected at most 1024 cuts" })
    .refine((cuts) => cuts.every(({ cut }, i) => i === 0 || cut > cuts[i - 1].cut), {
      error: "expected cuts that rise",
    }),
});

const categoryProfile = mapOf({
  kind: z.literal("category"),
  ...profileRows,
  values: listOf(mapOf({ value: text, count })).refine((values) => values.length <= 1_024, {
    error: "expected at most 1024 values",
  }),
});

const trainingProfile = mapOf({
  features: listOf(
    z.discriminatedUnion("kind", [numericProfile, categoryProfile], {
      error: "expected a map whose kind is numeric or category",
    }),
  ),
  score: numericProfile.nullable(),
});

/**
 * Type and range of each field of `feature_bundle.json`. Unknown fields are ignored. `checkParts` checks that
 * the fields agree with each other.
 */
export const BUNDLE_SCHEMA = mapOf({
  format: z.literal("bellwether.feature-bundle/1"),
  modelName: name,
  modelKind: oneOf("gradient_boosting", "random_forest", "imported", "scorecard"),
  configHash: text,
  features: listOf(feature),
  columns: listOf(column),
  rounding: z.literal("down", { error: 'expected "down", or leave it out' }).optional(),
  text: vocabulary.nullable(),
  minimumPresent: share,
  outputSpace: oneOf("margin", "probability", "raw"),
  link: z.literal("exp", { error: 'expected "exp", or leave it out' }).optional(),
  outputPerPoint: number.refine((x) => x > 0, { error: "expected a number above 0" }).optional(),
  explains: z.literal("class-margin", { error: 'expected "class-margin", or leave it out' }).optional(),
  classes: mapOf({ risk: name, other: name }),
  calibration,
  bands: mapOf({ high: number, medium: number }).refine(({ high, medium }) => 0 < medium && medium < high && high < 1, {
    error: "expected 0 < medium < high < 1",
  }),
  explanation,
  golden: listOf(mapOf({ row, output: number, riskScore: share.nullable().optional() })),
  seed: count,
  // Imported models and bundles of earlier releases do not have this field.
  trainingProfile: trainingProfile.optional(),
});
