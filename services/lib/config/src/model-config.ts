import { MODEL_NAME_PATTERN, MODEL_NAME_RULE } from "@bellwether/contract/model-name";
import { z } from "zod";
import {
  integerFrom,
  leaf,
  numberWhere,
  oneOf,
  parseWithSchema,
  shown,
  textLike,
  valueAt,
  violationAt,
  yesNo,
} from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import { categoryWordingSchema, germanNameSchema, germanSchema, wordingSchema } from "./feature-wording.ts";
import { isoDateSchema } from "./iso-date-schema.ts";
import type { FeatureWording, GermanTexts, ModelSpec, OutcomeSpec } from "./model-spec.ts";
import { nameSchema } from "./names.ts";
import type { YamlFile } from "./yaml-file.ts";

/**
 * Maximum number of features. A file with more is the wrong file: a batch has at most 4,096 rows with this
 * number of columns.
 */
const MAX_FEATURES = 1000;

const share = numberWhere("a share above 0, at most 1", (v) => v > 0 && v <= 1);
const openShare = numberWhere("a number between 0 and 1, neither included", (v) => v > 0 && v < 1);
const direction = oneOf(["raises", "lowers", "unknown"]).default("unknown");
const className = textLike(
  "a class name, 1 to 40 letters, digits, blanks, _ or -",
  /^[\p{L}\p{N}][\p{L}\p{N} _-]{0,39}$/u,
);

const cost = numberWhere("a number from 0.001 to 1000", (v) => v >= 0.001 && v <= 1000).default(1);

const numericChange = z
  .strictObject(
    {
      direction: oneOf(["any", "increase", "decrease"]).default("any"),
      range: leaf<[number, number]>(
        "[min, max], the numbers that a counterfactual may propose, min ≤ max",
        (v) => Array.isArray(v) && v.length === 2 && v.every(Number.isFinite) && v[0] <= v[1],
      )
        .nullable()
        .default(null),
      step: numberWhere("a number above 0", (v) => v > 0)
        .nullable()
        .default(null),
      cost,
    },
    { error: "a map: direction, range, step, cost" },
  )
  .optional();

const categoryChange = z.strictObject({ cost }, { error: "a map: cost" }).optional();

const numericFeature = z.strictObject(
  {
    name: nameSchema,
    kind: z.literal("numeric"),
    unit: textLike('a unit of 1 to 40 characters, e.g. days; "" when it is not known', /^(?:\S(.{0,38}\S)?)?$/u),
    range: leaf<[number, number]>(
      "[min, max], the physically possible numbers, min < max",
      (v) => Array.isArray(v) && v.length === 2 && v.every(Number.isFinite) && v[0] < v[1],
    ),
    missing: oneOf(["refuse", "keep", "median"]).default("keep"),
    direction,
    monotone: yesNo.default(true),
    immutable: yesNo.default(false),
    wording: wordingSchema,
    de: germanSchema,
    change: numericChange,
  },
  { error: "a feature: name, kind, unit, range" },
);

const categoryFeature = z.strictObject(
  {
    name: nameSchema,
    kind: z.literal("category"),
    missing: oneOf(["refuse", "keep"]).default("keep"),
    direction,
    immutable: yesNo.default(false),
    wording: categoryWordingSchema,
    de: germanNameSchema,
    change: categoryChange,
  },
  { error: "a feature: name, kind" },
);

const classWeight = leaf<"none" | "balanced" | number>(
  "none, balanced, or what a positive row weighs, a number from 0.001 to 1000",
  (v) => v === "none" || v === "balanced" || (typeof v === "number" && v >= 0.001 && v <= 1000),
).default("none");

/** Maximum number of combinations of a grid: each trains four models. */
const MAX_CHOICES = 24;

/** Returns the schema of values to choose one from. */
const listOf = (value: z.ZodCustom<number, number>) =>
  z.array(value, { error: "a list of values" }).min(1, "at least one value").optional();

/** Returns the schema of lists of values for some settings of a trainer. */
function gridOf<S extends Record<string, ReturnType<typeof listOf>>>(lists: S) {
  const names = Object.keys(lists).join(", ");
  const combinations = (grid: object): number =>
    Object.values(grid).reduce<number>((count, values) => count * (Array.isArray(values) ? values.length : 1), 1);
  return z
    .strictObject(lists, { error: `a grid: lists of values for ${names}` })
    .refine((grid) => Object.keys(grid).length > 0, { error: `at least one of ${names}` })
    .refine((grid) => combinations(grid) <= MAX_CHOICES, { error: `at most ${MAX_CHOICES} combinations` })
    .optional();
}

const boosting = z.strictObject({
  kind: z.literal("gradient_boosting"),
  grid: gridOf({
    max_depth: listOf(integerFrom(1, 16)),
    learning_rate: listOf(share),
    l2: listOf(numberWhere("a number from 0 to 1000000", (v) => v >= 0 && v <= 1e6)),
    min_child_weight: listOf(numberWhere("a number from 0 to 1000000", (v) => v >= 0 && v <= 1e6)),
  }),
  trees: integerFrom(1, 2000),
  max_depth: integerFrom(1, 16),
  learning_rate: share,
  l2: numberWhere("a number from 0 to 1000000", (v) => v >= 0 && v <= 1e6),
  min_child_weight: numberWhere("a number from 0 to 1000000", (v) => v >= 0 && v <= 1e6),
  subsample: share,
  column_sample: share,
  class_weight: classWeight,
  early_stopping: z
    .strictObject({ patience: integerFrom(1, 1000) }, { error: "early_stopping: patience" })
    .nullable()
    .default(null),
});

const forest = z.strictObject({
  kind: z.literal("random_forest"),
  grid: gridOf({
    max_depth: listOf(integerFrom(0, 64)),
    min_leaf: listOf(integerFrom(1, 1_000_000)),
    column_sample: listOf(share),
  }),
  trees: integerFrom(1, 2000),
  max_depth: integerFrom(0, 64),
  min_leaf: integerFrom(1, 1_000_000),
  column_sample: share,
  class_weight: classWeight,
});

const split = z
  .strictObject(
    {
      by: oneOf(["time", "supplier"]),
      test_share: openShare.default(0.2),
      test_from: isoDateSchema.nullable().default(null),
      gap_days: integerFrom(0, 3650).default(0),
      horizon_days: integerFrom(0, 3650).default(0),
      calibration_share: openShare.nullable().default(null),
    },
    { error: "a split: by, test_share, …" },
  )
  .refine((s) => s.by === "time" || s.test_from === null, {
    path: ["test_from"],
    error: "no test_from, which only a split by time has",
  });

const outcomes = z
  .strictObject(
    {
      definition: leaf<string>(
        "a sentence of 1 to 500 characters",
        (v) => typeof v === "string" && /^[^\p{Cc}]{1,500}$/u.test(v) && v.trim() !== "",
      ).default(""),
      horizon_days: integerFrom(1, 3650),
      complete_after_days: integerFrom(0, 3650).nullable().default(null),
    },
    { error: "outcomes: definition, horizon_days, complete_after_days" },
  )
  .optional();

const modelConfigSchema = z.strictObject(
  {
    version: leaf<1>("1, the version that this release reads", (v) => v === 1),
    name: textLike(`a model name: ${MODEL_NAME_RULE}`, MODEL_NAME_PATTERN),
    features: z
      .array(
        z.discriminatedUnion("kind", [numericFeature, categoryFeature], {
          error: "a feature with kind: numeric or kind: category",
        }),
        { error: "a list of features" },
      )
      .min(1, "at least one feature")
      .max(MAX_FEATURES, `at most ${MAX_FEATURES} features`),
    text: z
      .strictObject(
        {
          name: nameSchema,
          max_terms: integerFrom(1, 500),
          stop_words: oneOf(["english", "none"]).default("english"),
          de: germanNameSchema,
        },
        { error: "text: name, max_terms, stop_words, de" },
      )
      .nullable()
      .default(null),
    target: z.strictObject(
      { name: nameSchema, risk_class: className, other_class: className },
      { error: "target: name, risk_class, other_class" },
    ),
    bands: z
      .strictObject({ high: openShare, medium: openShare }, { error: "bands: high and medium" })
      .refine((b) => b.medium < b.high, { error: "medium below high" }),
    minimum_present: numberWhere("a share from 0 to 1", (v) => v >= 0 && v <= 1),
    trainer: z.discriminatedUnion("kind", [boosting, forest], {
      error: "a trainer with kind: gradient_boosting or kind: random_forest",
    }),
    split,
    seed: integerFrom(0, 2 ** 32 - 1),
    outcomes,
  },
  { error: "a map with version, name, features, target, bands, minimum_present, trainer, split, seed" },
);

/** Length of the horizon of a model that declares none, days. */
const DEFAULT_HORIZON_DAYS = 90;

/** Returns what a model declares about its outcomes; by default, the horizon is that of its split. */
export function outcomesOf(spec: Pick<ModelSpec, "outcomes" | "split"> | null): OutcomeSpec {
  return (
    spec?.outcomes ?? {
      ...{ definition: "", completeAfterDays: null },
      horizonDays: spec?.split.horizonDays || DEFAULT_HORIZON_DAYS,
    }
  );
}

const ANY_CHANGE = { direction: "any", range: null, step: null } as const;

type ModelYaml = z.output<typeof modelConfigSchema>;

/** Checks a model configuration. @throws ConfigError with every violation. */
export function parseModelConfig(file: YamlFile): ModelSpec {
  return modelConfigFromYaml(parseWithSchema(modelConfigSchema, file, contradictions));
}

const contradictions = (file: YamlFile): ConfigViolation[] => [...nameClashes(file), ...changeViolations(file)];

/** Every column of the mapped table needs a distinct name. */
function nameClashes(file: YamlFile): ConfigViolation[] {
  const features = valueAt(file.value, ["features"]);
  const paths: PropertyKey[][] = [
    ...(Array.isArray(features) ? features.map((_, i) => ["features", i, "name"]) : []),
    ["text", "name"],
    ["target", "name"],
  ];
  const seen = new Set<string>();
  return paths.flatMap((path) => {
    const name = valueAt(file.value, path);
    if (typeof name !== "string") return [];
    if (seen.has(name))
      return [violationAt(file, path, `"${name}" again`, "a name that nothing else in this file has")];
    seen.add(name);
    return [];
  });
}

/** Finds declarations of `change` that contradict the feature or leave no value that a counterfactual may propose. */
function changeViolations(file: YamlFile): ConfigViolation[] {
  const features = valueAt(file.value, ["features"]);
  if (!Array.isArray(features)) return [];
  return features.flatMap((_, i) => {
    const path = ["features", i, "change"];
    const at = (...steps: PropertyKey[]): unknown => valueAt(file.value, ["features", i, ...steps]);
    if (at("change") === undefined) return [];
    if (at("immutable") === true) return [violationAt(file, path, "change beside immutable: true", "one of the two")];
    const [range, allowed, step] = [at("range"), at("change", "range"), at("change", "step")];
    const violations: ConfigViolation[] = [];
    if (isRange(range) && isRange(allowed) && (allowed[0] < range[0] || allowed[1] > range[1]))
      violations.push(
        violationAt(file, [...path, "range"], shown(allowed), `numbers in the feature's range ${shown(range)}`),
      );
    const limits = isRange(allowed) ? allowed : range;
    if (typeof step === "number" && step > 0 && isRange(limits) && !hasMultiple(limits, step))
      violations.push(
        violationAt(file, [...path, "step"], shown(step), `a step of which a multiple is in ${shown(limits)}`),
      );
    return violations;
  });
}

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number");

const hasMultiple = ([min, max]: readonly [number, number], step: number): boolean =>
  Math.ceil(min / step - 1e-9) * step <= max + 1e-9 * step;

function modelConfigFromYaml(yaml: ModelYaml): ModelSpec {
  return {
    name: yaml.name,
    features: yaml.features.map((f) => ({
      name: f.name,
      kind: f.kind,
      unit: f.kind === "numeric" ? f.unit : "",
      range: f.kind === "numeric" ? f.range : null,
      missing: f.missing,
      direction: f.direction,
      monotone: f.kind === "numeric" && f.direction !== "unknown" && f.monotone,
      immutable: f.immutable,
      // Left out when they are not declared, so that the hash of a configuration without them stays the same.
      ...(f.wording !== undefined && { wording: wordingFromYaml(f.wording) }),
      ...germanFromYaml(f.de),
      ...(f.change !== undefined && { change: { ...ANY_CHANGE, ...f.change } }),
    })),
    text: yaml.text && {
      ...{ name: yaml.text.name, maxTerms: yaml.text.max_terms, stopWords: yaml.text.stop_words },
      ...germanFromYaml(yaml.text.de),
    },
    target: { name: yaml.target.name, riskClass: yaml.target.risk_class, otherClass: yaml.target.other_class },
    bands: { high: yaml.bands.high, medium: yaml.bands.medium },
    minimumPresent: yaml.minimum_present,
    trainer: trainerFromYaml(yaml.trainer),
    split: {
      by: yaml.split.by,
      testShare: yaml.split.test_share,
      testFrom: yaml.split.test_from,
      gapDays: yaml.split.gap_days,
      horizonDays: yaml.split.horizon_days,
      calibrationShare: yaml.split.calibration_share,
    },
    seed: yaml.seed,
    ...(yaml.outcomes !== undefined && {
      outcomes: {
        definition: yaml.outcomes.definition,
        horizonDays: yaml.outcomes.horizon_days,
        completeAfterDays: yaml.outcomes.complete_after_days,
      },
    }),
  };
}

/** Returns the declared fields of a wording, always in the same order. */
function wordingFromYaml(
  wording: {
    readonly [K in keyof FeatureWording]?: FeatureWording[K] | undefined;
  },
): FeatureWording {
  const { unit, scale, increases, lowers } = wording;
  return {
    ...(unit !== undefined && { unit }),
    ...(scale !== undefined && { scale }),
    ...(increases !== undefined && { increases }),
    ...(lowers !== undefined && { lowers }),
  };
}

/** Returns the German texts of a feature as the field `de`; no field when none are declared. */
function germanFromYaml(de: { readonly [K in keyof GermanTexts]?: GermanTexts[K] | undefined } | undefined): {
  readonly de?: GermanTexts;
} {
  if (de === undefined) return {};
  const { name, unit } = de;
  return { de: { ...(name !== undefined && { name }), ...(unit !== undefined && { unit }) } };
}

function trainerFromYaml(trainer: ModelYaml["trainer"]): ModelSpec["trainer"] {
  if (trainer.kind === "random_forest")
    return {
      kind: trainer.kind,
      trees: trainer.trees,
      maxDepth: trainer.max_depth,
      minLeaf: trainer.min_leaf,
      columnSample: trainer.column_sample,
      classWeight: trainer.class_weight,
      ...(trainer.grid !== undefined && {
        grid: declaredLists({
          ...{ maxDepth: trainer.grid.max_depth, minLeaf: trainer.grid.min_leaf },
          columnSample: trainer.grid.column_sample,
        }),
      }),
    };
  return {
    kind: trainer.kind,
    trees: trainer.trees,
    maxDepth: trainer.max_depth,
    learningRate: trainer.learning_rate,
    l2: trainer.l2,
    minChildWeight: trainer.min_child_weight,
    subsample: trainer.subsample,
    columnSample: trainer.column_sample,
    classWeight: trainer.class_weight,
    earlyStopping: trainer.early_stopping,
    ...(trainer.grid !== undefined && {
      grid: declaredLists({
        ...{ maxDepth: trainer.grid.max_depth, learningRate: trainer.grid.learning_rate },
        ...{ l2: trainer.grid.l2, minChildWeight: trainer.grid.min_child_weight },
      }),
    }),
  };
}

/** Leaves out the settings without a list, so that the hash of a configuration does not depend on them. */
function declaredLists<K extends string>(
  lists: Readonly<Record<K, readonly number[] | undefined>>,
): Partial<Record<K, readonly number[]>> {
  const declared: Partial<Record<K, readonly number[]>> = {};
  for (const name of Object.keys(lists) as K[]) if (lists[name] !== undefined) declared[name] = lists[name];
  return declared;
}
