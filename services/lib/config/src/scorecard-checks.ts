import { nearestName } from "@bellwether/contract/nearest-name";
import { shown, valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import type { ModelSpec } from "./model-spec.ts";
import { rangeViolations } from "./scorecard-ranges.ts";
import type { YamlFile } from "./yaml-file.ts";

/**
 * Maximum sum of |points| over all ranges and categories: up to it, sums of points are exact in the float32 of the
 * model's output, in any order.
 */
const MAX_TOTAL_POINTS = 16_384;
/** A probability nearer to 0 or 1 than this is no limit of a band. */
const MIN_DISTANCE = 1e-6;

/**
 * Returns the violations of a scorecard: it contradicts the features of the model, or its own ranges or bands
 * contradict each other. The value of `file` may have any form.
 */
export function scorecardViolations(file: YamlFile, model: ModelSpec): ConfigViolation[] {
  const features = valueAt(file.value, ["features"]);
  const entries = Array.isArray(features) ? [...features.keys()] : [];
  return [
    ...nameViolations(file, model, entries),
    ...entries.flatMap((i) => featureViolations(file, model, ["features", i])),
    ...bandViolations(file, entries),
  ];
}

/** Each feature of the model, and its text, must have points or be listed as unused, once. */
function nameViolations(file: YamlFile, model: ModelSpec, entries: readonly number[]): ConfigViolation[] {
  const names = new Set(model.features.map(({ name }) => name));
  const known = model.text === null ? names : new Set([...names, model.text.name]);
  const unused = valueAt(file.value, ["unused"]);
  const paths: PropertyKey[][] = [
    ...entries.map((i) => ["features", i, "name"]),
    ...(Array.isArray(unused) ? [...unused.keys()].map((i) => ["unused", i]) : []),
  ];
  const seen = new Set<string>();
  const violations = paths.flatMap((path): ConfigViolation[] => {
    const name = valueAt(file.value, path);
    if (typeof name !== "string") return [];
    if (seen.has(name))
      return [violationAt(file, path, `"${name}" again`, "each feature once, in features or in unused")];
    seen.add(name);
    if (name === model.text?.name && path[0] === "features")
      return [
        violationAt(
          file,
          path,
          `the text "${name}"`,
          "a number or a category; a text has no points, list it in unused",
        ),
      ];
    if (known.has(name)) return [];
    const nearest = nearestName(name, known);
    return [
      violationAt(
        file,
        path,
        shown(name),
        nearest ? `the feature "${nearest}"` : "a feature of the model configuration",
      ),
    ];
  });
  const absent = [...known].filter((name) => !seen.has(name));
  if (absent.length > 0)
    violations.push({
      ...violationAt(
        file,
        ["features"],
        `neither points nor unused for ${absent.join(", ")}`,
        "every feature in features or in unused",
      ),
      ...file.keyPlace(["features"]),
    });
  return violations;
}

function featureViolations(file: YamlFile, model: ModelSpec, path: readonly PropertyKey[]): ConfigViolation[] {
  const feature = model.features.find(({ name }) => name === valueAt(file.value, [...path, "name"]));
  if (feature === undefined) return [];
  const has = (key: string): boolean => valueAt(file.value, [...path, key]) !== undefined;
  const surplus = (keys: readonly string[], why: string): ConfigViolation[] =>
    keys.filter(has).map((key) => ({
      ...violationAt(file, [...path, key], `${key} of ${feature.name}`, why),
      ...file.keyPlace([...path, key]),
    }));
  const absent = (key: string, what: string): ConfigViolation[] =>
    has(key) ? [] : [violationAt(file, path, `no ${key} for ${feature.name}`, what)];
  if (feature.kind === "category")
    return [
      ...surplus(["ranges", "missing"], "categories and otherwise, since it is a category"),
      ...absent("categories", "categories: a map of category to points"),
      ...absent("otherwise", "otherwise: the points of every other category, and of a supplier without one"),
    ];
  return [
    ...surplus(["categories", "otherwise"], "ranges and missing, since it is a number"),
    ...absent("ranges", "ranges: a list of from, to, points"),
    ...(feature.missing === "refuse"
      ? surplus(["missing"], "no points, since the model configuration rejects a supplier without a value")
      : absent("missing", "missing: the points of a supplier without a value")),
    ...rangeViolations(file, [...path, "ranges"], feature),
  ];
}

/** The points that a feature can have. */
function pointsOf(file: YamlFile, i: number): number[] {
  const at = (...steps: PropertyKey[]): unknown => valueAt(file.value, ["features", i, ...steps]);
  const ranges = at("ranges");
  const categories = at("categories");
  const values: unknown[] = [
    ...(Array.isArray(ranges) ? [...ranges.keys()].map((r) => at("ranges", r, "points")) : []),
    ...(typeof categories === "object" && categories !== null ? Object.values(categories) : []),
    at("missing"),
    at("otherwise"),
  ];
  return values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
}

/** Both bands must be reachable, in order, and be probabilities that can be told from 0 and 1. */
function bandViolations(file: YamlFile, entries: readonly number[]): ConfigViolation[] {
  const at = (...path: string[]): number => {
    const value = valueAt(file.value, path);
    return typeof value === "number" ? value : Number.NaN;
  };
  const points = entries.map((i) => pointsOf(file, i));
  const violations: ConfigViolation[] = [];
  const total = points.flat().reduce((sum, value) => sum + Math.abs(value), 0);
  if (total > MAX_TOTAL_POINTS)
    violations.push(
      violationAt(
        file,
        ["features"],
        `${total} points, all ranges and categories together`,
        `at most ${MAX_TOTAL_POINTS}`,
      ),
    );
  const least = points.reduce((sum, values) => sum + Math.min(...values, Number.POSITIVE_INFINITY), 0);
  const most = points.reduce((sum, values) => sum + Math.max(...values, Number.NEGATIVE_INFINITY), 0);
  const [medium, high] = [at("bands", "medium"), at("bands", "high")];
  if (medium >= high)
    violations.push(violationAt(file, ["bands", "medium"], shown(medium), `fewer points than high, which is ${high}`));
  if (Number.isFinite(most) && high > most)
    violations.push(violationAt(file, ["bands", "high"], shown(high), `at most ${most}, the largest sum of points`));
  if (Number.isFinite(least) && medium <= least)
    violations.push(
      violationAt(file, ["bands", "medium"], shown(medium), `more than ${least}, the smallest sum of points`),
    );
  for (const band of ["medium", "high"]) {
    // Violations of the scale itself are reported by the schema.
    if (!(at("scale", "probability") < 1 && at("scale", "points_to_double_the_odds") > 0)) break;
    const odds = Math.log(at("scale", "probability") / (1 - at("scale", "probability")));
    const doublings = (at("bands", band) - at("scale", "points")) / at("scale", "points_to_double_the_odds");
    const probability = 1 / (1 + Math.exp(-(odds + doublings * Math.LN2)));
    if (probability < MIN_DISTANCE || probability > 1 - MIN_DISTANCE)
      violations.push(
        violationAt(
          file,
          ["bands", band],
          `${at("bands", band)}, which the scale makes the probability ${probability}`,
          `a probability from ${MIN_DISTANCE} to ${1 - MIN_DISTANCE}`,
        ),
      );
  }
  return violations;
}
