import { ChangeDirection } from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { ChangeLimit } from "@bellwether/risk-model/counterfactual/change-request";
import { type Command, Option } from "commander";
import { UsageError } from "../errors/usage-error.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { readChangeLimits } from "../input/read-change-limits.ts";

/** What is asked of a search for counterfactuals. */
export interface AskedCounterfactuals {
  readonly maxChanges: 1 | 2 | 3;
  readonly maxAnswers: number;
  /** Null: the band below that of the supplier. */
  readonly targetBand: "low" | "medium" | null;
  /** Those of --limits, then those of --fix. */
  readonly limits: readonly ChangeLimit[];
  /** Number of limits that are those of --fix. */
  readonly fixedCount: number;
}

/** The options of `withCounterfactualOptions`. */
export interface CounterfactualOptions {
  readonly maxChanges: number;
  readonly results: number;
  readonly target?: "low" | "medium";
  readonly fix?: readonly string[];
  readonly limits?: string;
}

/** Adds the options that say what is asked. */
export function withCounterfactualOptions(command: Command): Command {
  return command
    .option("--max-changes <count>", "maximum number of features that change, 1 to 3", wholeNumber(1, 3), 2)
    .option("--results <count>", "maximum number of counterfactuals, 1 to 5", wholeNumber(1, 5), 3)
    .addOption(
      new Option(
        "--target <band>",
        "highest band that the score may have after the changes (default: the band below the supplier's band)",
      ).choices(["low", "medium"]),
    )
    .option("--fix <features...>", "names of features that must not change")
    .option(
      "--limits <json>",
      "limits for single features: a JSON list of objects. Each object has feature, and one or more of min, max, direction (increase or decrease), step and cost",
    );
}

/** @throws UsageError that names the invalid limit */
export function askedOf({
  maxChanges,
  results,
  target,
  fix = [],
  limits,
}: CounterfactualOptions): AskedCounterfactuals {
  return {
    maxChanges: maxChanges === 1 ? 1 : maxChanges === 3 ? 3 : 2,
    ...{ maxAnswers: results, targetBand: target ?? null, limits: readChangeLimits(fix, limits) },
    fixedCount: fix.length,
  };
}

/** Returns an error text with the options in place of the request's field: `--fix` or `--limits: [1].min`. */
export function inLimitOptions(
  message: string,
  { limits, fixedCount }: Pick<AskedCounterfactuals, "limits" | "fixedCount">,
): string {
  const listed = limits.length - fixedCount;
  return message.replaceAll(LIMIT_FIELD, (_, i: string, field: string) =>
    Number(i) < listed ? `--limits: [${i}]${field}` : "--fix",
  );
}

/** Awaits an answer. @throws UsageError that names the options, when the service rejects the limits */
export async function withLimitOptions<T>(asked: AskedCounterfactuals, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(inLimitOptions(error.message, asked), { cause: error });
  }
}

const LIMIT_FIELD = /\blimits\[(\d+)\]((?:\.[a-z_]+)?)/g;

/** Returns the fields of a request that say what is asked. */
export function askedToProto({ maxChanges, maxAnswers, targetBand, limits }: AskedCounterfactuals) {
  return {
    ...{ maxChanges, maxCounterfactuals: maxAnswers },
    ...(targetBand !== null && { targetBand: targetBand === "low" ? Band.LOW : Band.MEDIUM }),
    limits: limits.map(({ direction, ...limit }) => ({
      ...limit,
      ...(direction !== undefined && {
        direction: direction === "increase" ? ChangeDirection.INCREASE : ChangeDirection.DECREASE,
      }),
    })),
  };
}
