import { knownNames } from "@bellwether/contract/nearest-name";
import { LEAST_COST, MOST_COST } from "../bundle/change-cost.ts";
import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { ChangeLimit, FixedReason } from "./change-request.ts";
import { multipleAtLeast } from "./short-number.ts";

/** How a feature may change: what the model declares, narrowed by the request. */
export interface ResolvedLimit {
  /** Why the feature does not change, as far as the limits say; null when it may. */
  readonly fixed: FixedReason | null;
  /** Allowed new values of a number, both included; infinite without a limit. */
  readonly min: number;
  readonly max: number;
  readonly direction: "any" | "increase" | "decrease";
  /** New values are multiples of it; null: any number. */
  readonly step: number | null;
  /** Cost of a change over the whole training range, or to another category. */
  readonly cost: number;
}

/** A limit of a request that contradicts itself, the model or another limit. */
export interface LimitViolation {
  /** For example "limits[2].min". */
  readonly field: string;
  readonly message: string;
}

/** The limits of all features by name, and every violation. */
export interface ResolvedLimits {
  readonly byFeature: ReadonlyMap<string, ResolvedLimit>;
  readonly violations: readonly LimitViolation[];
}

/** Applies the limits of a request to those that the model declares. A request can only narrow them. */
export function resolveLimits(bundle: FeatureBundle, limits: readonly ChangeLimit[]): ResolvedLimits {
  const violations: LimitViolation[] = [];
  const declaredOf = new Map(bundle.features.map((feature) => [feature.name, declaredLimit(feature)]));
  const byFeature = new Map(declaredOf);
  const features = new Map(bundle.features.map((feature) => [feature.name, feature]));
  const named = new Map<string, ChangeLimit>();
  for (const [i, limit] of limits.entries()) {
    const field = `limits[${i}]`;
    const feature = features.get(limit.feature);
    const declared = declaredOf.get(limit.feature);
    if (feature === undefined || declared === undefined) {
      violations.push({ field: `${field}.feature`, message: unknownText(bundle, limit.feature) });
      continue;
    }
    const first = named.get(limit.feature);
    if (first) {
      const contradiction = contradictionOf(first, limit);
      const which = contradiction === null ? "" : `, which contradict each other (${contradiction})`;
      violations.push({ field: `${field}.feature`, message: `${limit.feature} has two limits${which}; send one` });
    } else named.set(limit.feature, limit);
    const found = limitViolations(feature, declared, limit, field);
    violations.push(...found);
    if (found.length === 0) byFeature.set(limit.feature, narrowed(declared, limit));
  }
  return { byFeature, violations };
}

/** Returns what the model declares about changes of a feature. */
function declaredLimit({ immutable, range, change }: BundleFeature): ResolvedLimit {
  const [min, max] = change?.range ?? range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    fixed: immutable ? "immutable" : null,
    ...{ min, max, direction: change?.direction ?? "any", step: change?.step ?? null, cost: change?.cost ?? 1 },
  };
}

function narrowed(declared: ResolvedLimit, limit: ChangeLimit): ResolvedLimit {
  return {
    fixed: declared.fixed ?? (limit.fixed ? "request" : null),
    min: limit.min ?? declared.min,
    max: limit.max ?? declared.max,
    direction: limit.direction ?? declared.direction,
    step: limit.step ?? declared.step,
    cost: limit.cost ?? declared.cost,
  };
}

/** Says why two limits of one feature contradict each other; null: they do not. */
function contradictionOf(first: ChangeLimit, second: ChangeLimit): string | null {
  if (first.fixed !== second.fixed) return "one is fixed, the other is not";
  if (first.direction !== undefined && second.direction !== undefined && first.direction !== second.direction)
    return `${first.direction} and ${second.direction}`;
  for (const [{ min }, { max }] of [
    [first, second],
    [second, first],
  ] as const)
    if (min !== undefined && max !== undefined && min > max) return `the minimum ${min} is above the maximum ${max}`;
  return null;
}

function unknownText({ features, text }: FeatureBundle, name: string): string {
  if (name === text?.feature) return `${name} is the contract text, which a counterfactual never changes`;
  return `unknown feature "${name.slice(0, 80)}"; ${knownNames(
    name,
    features.map((feature) => feature.name),
  )}`;
}

/** The fields that limit a feature which is not fixed. */
const LIMITS = ["min", "max", "direction", "step", "cost"] as const;

function limitViolations(
  feature: BundleFeature,
  declared: ResolvedLimit,
  limit: ChangeLimit,
  path: string,
): LimitViolation[] {
  const { name } = feature;
  const { min, max, step, cost, direction } = limit;
  const found: LimitViolation[] = [];
  const add = (field: string, message: string): void => void found.push({ field: `${path}.${field}`, message });
  if (declared.fixed === "immutable" && !limit.fixed)
    add("feature", `${name} is declared immutable by the model: it never changes; omit the limit`);
  else if (!limit.fixed && LIMITS.every((one) => limit[one] === undefined))
    add("feature", `${name} has no limit; set fixed, or one or more of ${LIMITS.join(", ")}`);
  if (limit.fixed) {
    const others = LIMITS.filter((one) => limit[one] !== undefined);
    if (others.length > 0) add("fixed", `${name} is fixed and has ${others.join(", ")}; send one or the other`);
    return found;
  }
  if (cost !== undefined && !(cost >= LEAST_COST && cost <= MOST_COST))
    add("cost", `the cost of ${name} is ${cost}; expected ${LEAST_COST} to ${MOST_COST}`);
  if (feature.kind === "category" || feature.codes !== undefined) {
    if (min !== undefined || max !== undefined || step !== undefined || direction !== undefined)
      add("feature", `${name} is a category: only fixed and cost are limits of it`);
    return found;
  }
  const isNumber = (value: number | undefined): boolean => value === undefined || Number.isFinite(value);
  if (!isNumber(min)) add("min", `the minimum of ${name} is ${min}; expected a finite number`);
  if (!isNumber(max)) add("max", `the maximum of ${name} is ${max}; expected a finite number`);
  if (step !== undefined && !(Number.isFinite(step) && step > 0))
    add("step", `the step of ${name} is ${step}; expected a finite number above 0`);
  if (found.length > 0) return found;
  const allowed = `the model allows ${declared.min} to ${declared.max}`;
  if (min !== undefined && (min < declared.min || min > declared.max))
    add("min", `the minimum of ${name} is ${min}; ${allowed}`);
  if (max !== undefined && (max < declared.min || max > declared.max))
    add("max", `the maximum of ${name} is ${max}; ${allowed}`);
  if (direction !== undefined && declared.direction !== "any" && declared.direction !== direction)
    add("direction", `${name} may only ${declared.direction}, as the model declares`);
  if (step !== undefined && declared.step !== null && !isMultiple(step, declared.step))
    add("step", `the step of ${name} is ${step}; expected a multiple of ${declared.step}, the step of the model`);
  const now = narrowed(declared, limit);
  if (found.length > 0) return found;
  if (now.min > now.max) add("min", `the minimum of ${name} is ${now.min}, above its maximum ${now.max}`);
  else if (now.step !== null && multipleAtLeast(now.min, now.step) > now.max)
    add("step", `no multiple of ${now.step} is between ${now.min} and ${now.max}, the limits of ${name}`);
  return found;
}

/** Whether a number is a multiple of a step, apart from the rounding of decimal fractions. */
function isMultiple(number: number, step: number): boolean {
  const ratio = number / step;
  return Math.round(ratio) >= 1 && Math.abs(ratio - Math.round(ratio)) < 1e-9 * ratio;
}
