import { nearestName } from "@bellwether/contract/nearest-name";
import type { ChangeLimit } from "@bellwether/risk-model/counterfactual/change-request";
import { UsageError } from "../errors/usage-error.ts";
import { parseJsonOption } from "./parse-json-option.ts";

const KEYS = ["feature", "fixed", "min", "max", "direction", "step", "cost"] as const;

/**
 * Reads the options `--fix` and `--limits`: names of features, and a JSON list of limits.
 * @throws UsageError that names the invalid limit.
 */
export function readChangeLimits(fixed: readonly string[], limits: string | undefined): ChangeLimit[] {
  // The limits come first, so that errors have the positions of the list.
  return [...(limits === undefined ? [] : parseList(limits)), ...fixed.map((feature) => ({ feature, fixed: true }))];
}

function parseList(text: string): ChangeLimit[] {
  const expected = `expected a JSON list such as '[{"feature":"late_ratio","min":0.1,"direction":"decrease"}]'`;
  const list = parseJsonOption("--limits", text, expected);
  if (!Array.isArray(list)) throw new UsageError(`--limits is not a list; ${expected}`);
  return list.map(parseLimit);
}

function parseLimit(limit: unknown, i: number): ChangeLimit {
  const wrong = (field: string, expected: string): UsageError =>
    new UsageError(`--limits: [${i}]${field} is not ${expected}`);
  if (typeof limit !== "object" || limit === null || Array.isArray(limit))
    throw wrong("", `a limit such as {"feature":"late_ratio","min":0.1}`);
  for (const key of Object.keys(limit)) {
    if (KEYS.some((known) => known === key)) continue;
    const near = nearestName(key, KEYS);
    throw wrong(`.${key}`, near === null ? `one of ${KEYS.join(", ")}` : `a field of a limit; did you mean "${near}"?`);
  }
  const { feature, fixed, direction, ...numbers } = limit as Record<string, unknown>;
  if (typeof feature !== "string" || feature === "") throw wrong(".feature", "the name of a feature");
  if (fixed !== undefined && typeof fixed !== "boolean") throw wrong(".fixed", "true or false");
  if (direction !== undefined && direction !== "increase" && direction !== "decrease")
    throw wrong(".direction", "increase or decrease");
  const given: Partial<Record<"min" | "max" | "step" | "cost", number>> = {};
  for (const name of ["min", "max", "step", "cost"] as const) {
    const value = numbers[name];
    if (value === undefined) continue;
    if (typeof value !== "number") throw wrong(`.${name}`, "a number");
    given[name] = value;
  }
  if (fixed !== true && direction === undefined && Object.keys(given).length === 0)
    throw new UsageError(
      `--limits: [${i}] has no limit for ${feature}: give one or more of ${KEYS.slice(1).join(", ")}`,
    );
  return { feature, fixed: fixed === true, ...given, ...(direction !== undefined && { direction }) };
}
