import { z } from "zod";
import { integerFrom, leaf, numberWhere, parseWithSchema } from "./check-schema.ts";
import type { ModelSpec } from "./model-spec.ts";
import { nameSchema } from "./names.ts";
import { scorecardViolations } from "./scorecard-checks.ts";
import type { ScorecardSpec, ScoredFeature } from "./scorecard-spec.ts";
import { readYaml, type YamlFile } from "./yaml-file.ts";

/** Largest number of points of one range or category. */
const MAX_POINTS = 1000;
/** Maximum number of ranges or categories of one feature: each is one column or one tree of the model. */
const MAX_PARTS = 200;

const points = integerFrom(-MAX_POINTS, MAX_POINTS);
const bound = numberWhere("a number", () => true).optional();
const range = z.strictObject({ from: bound, to: bound, points }, { error: "a range: from, to, points" });
const category = leaf<string>(
  "a category of 1 to 200 characters",
  (v) => typeof v === "string" && /^.{1,200}$/u.test(v),
);

const schema = z.strictObject(
  {
    version: leaf<1>("1, the version that this release reads", (v) => v === 1),
    scale: z.strictObject(
      {
        points: integerFrom(-100_000, 100_000),
        probability: numberWhere("a probability from 0.0001 to 0.9999", (v) => v >= 0.0001 && v <= 0.9999),
        points_to_double_the_odds: numberWhere("a number of points from 1 to 1000", (v) => v >= 1 && v <= 1000),
      },
      { error: "a scale: points, probability, points_to_double_the_odds" },
    ),
    bands: z.strictObject(
      { medium: integerFrom(-100_000, 100_000), high: integerFrom(-100_000, 100_000) },
      { error: "bands: medium and high, in points" },
    ),
    features: z
      .array(
        z.strictObject(
          {
            name: nameSchema,
            ranges: z
              .array(range, { error: "a list of ranges: from, to, points" })
              .min(1, "at least one range")
              .max(MAX_PARTS, `at most ${MAX_PARTS} ranges`)
              .optional(),
            missing: points.optional(),
            categories: z
              .record(category, points, { error: "a map of category to points" })
              .refine((c) => Object.keys(c).length > 0, { error: "at least one category" })
              .refine((c) => Object.keys(c).length <= MAX_PARTS, { error: `at most ${MAX_PARTS} categories` })
              .optional(),
            otherwise: points.optional(),
          },
          { error: "a feature: name, and ranges and missing for a number, categories and otherwise for a category" },
        ),
        { error: "a list of features" },
      )
      .min(1, "at least one feature"),
    unused: z.array(nameSchema, { error: "a list of features without points" }).default([]),
  },
  { error: "a map with version, scale, bands, features, unused" },
);

type ScorecardYaml = z.output<typeof schema>;

/**
 * Reads scorecard.yaml, which gives points to the features of a model.
 * @throws ConfigError with every violation
 */
export async function loadScorecard(path: string, model: ModelSpec): Promise<ScorecardSpec> {
  return parseScorecard(await readYaml(path), model);
}

/** Returns the scorecard in a parsed file. @throws ConfigError with every violation */
export function parseScorecard(file: YamlFile, model: ModelSpec): ScorecardSpec {
  const yaml = parseWithSchema(schema, file, (checked) => scorecardViolations(checked, model));
  return {
    scale: {
      points: yaml.scale.points,
      probability: yaml.scale.probability,
      pointsToDoubleTheOdds: yaml.scale.points_to_double_the_odds,
    },
    bands: { medium: yaml.bands.medium, high: yaml.bands.high },
    features: yaml.features.map((feature) => featureFromYaml(feature, model)),
    unused: yaml.unused,
  };
}

function featureFromYaml(yaml: ScorecardYaml["features"][number], model: ModelSpec): ScoredFeature {
  const { name } = yaml;
  if (yaml.categories !== undefined)
    return {
      ...{ kind: "category", name, otherwise: yaml.otherwise ?? 0 },
      categories: Object.entries(yaml.categories).map(([category, points]) => ({ category, points })),
    };
  const [min, max] = model.features.find((feature) => feature.name === name)?.range ?? [0, 0];
  return {
    ...{ kind: "numeric", name, missing: yaml.missing ?? null },
    ranges: (yaml.ranges ?? [])
      .map(({ from = min, to = max, points }) => ({ from, to, points }))
      .sort((a, b) => a.from - b.from),
  };
}
