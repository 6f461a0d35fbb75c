import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import {
  ChangeDirection,
  type ChangeLimit as ChangeLimitMessage,
  type CounterfactualRequest as CounterfactualMessage,
  CounterfactualOutcome,
  type CounterfactualResponseSchema,
  type FeatureChangeSchema,
  FixedReason,
  UndecidedReason,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import { Band, type ScoreSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { changeText, counterfactualSummary } from "@bellwether/reasons/counterfactual-text";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import type {
  ChangeLimit,
  FeatureChange,
  FixedReason as Fixed,
} from "@bellwether/risk-model/counterfactual/change-request";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type {
  CounterfactualAnswer,
  CounterfactualRequest,
  UndecidedReason as Undecided,
} from "@bellwether/scoring/counterfactual/find-counterfactuals";
import type { SupplierScore } from "@bellwether/scoring/score/score-supplier";
import type { MessageInitShape } from "@bufbuild/protobuf";

/** Defaults of the fields that a request does not set. */
const DEFAULT_CHANGES = 2;
const DEFAULT_COUNTERFACTUALS = 3;

const OUTCOMES = {
  found: CounterfactualOutcome.FOUND,
  "none-within-limits": CounterfactualOutcome.NONE_WITHIN_LIMITS,
  "not-decided": CounterfactualOutcome.NOT_DECIDED,
  "already-below": CounterfactualOutcome.ALREADY_BELOW,
} satisfies Record<CounterfactualAnswer["outcome"], CounterfactualOutcome>;

const UNDECIDED = {
  time: UndecidedReason.TIME,
  steps: UndecidedReason.STEPS,
  memory: UndecidedReason.MEMORY,
  "scores-differ": UndecidedReason.SCORES_DIFFER,
  // A search is stopped when its call ended, so nobody receives this answer.
  stopped: UndecidedReason.UNSPECIFIED,
} satisfies Record<Undecided, UndecidedReason>;

const FIXED = {
  immutable: FixedReason.IMMUTABLE,
  request: FixedReason.REQUEST,
  missing: FixedReason.MISSING,
  unused: FixedReason.UNUSED,
  limits: FixedReason.LIMITS,
  text: FixedReason.TEXT,
} satisfies Record<Fixed, FixedReason>;

const DIRECTIONS: Readonly<Partial<Record<ChangeDirection, "increase" | "decrease">>> = {
  [ChangeDirection.INCREASE]: "increase",
  [ChangeDirection.DECREASE]: "decrease",
};

/** Reads a request. The bounds of its fields are checked before. */
export function counterfactualFromProto(
  { maxChanges, maxCounterfactuals, targetBand, limits }: CounterfactualMessage,
  supplier: SupplierInput,
): CounterfactualRequest {
  const most = maxChanges ?? DEFAULT_CHANGES;
  return {
    supplier,
    maxChanges: most >= 3 ? 3 : most === 1 ? 1 : 2,
    maxAnswers: maxCounterfactuals ?? DEFAULT_COUNTERFACTUALS,
    targetBand: targetBand === Band.LOW ? "low" : targetBand === Band.MEDIUM ? "medium" : null,
    limits: limits.map(limitFromProto),
  };
}

function limitFromProto({ feature, fixed, min, max, direction, step, cost }: ChangeLimitMessage): ChangeLimit {
  const way = DIRECTIONS[direction];
  return {
    ...{ feature, fixed },
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(way !== undefined && { direction: way }),
    ...(step !== undefined && { step }),
    ...(cost !== undefined && { cost }),
  };
}

/** @param scoreToProto Converts a score of this supplier. */
export function counterfactualToProto(
  answer: CounterfactualAnswer,
  { maxChanges }: CounterfactualRequest,
  { features }: Pick<FeatureBundle, "features">,
  scoreToProto: (score: SupplierScore) => MessageInitShape<typeof ScoreSchema>,
): MessageInitShape<typeof CounterfactualResponseSchema> {
  const { outcome, undecided, score, targetBand, counterfactuals, fixed, steps } = answer;
  const isFixed = new Set(fixed.map(({ feature }) => feature));
  const isAnyChangeable = features.some(({ name }) => !isFixed.has(name));
  const shown = { outcome, undecided, targetBand, maxChanges, counterfactuals, isAnyChangeable, band: score.band };
  return {
    outcome: OUTCOMES[outcome],
    score: scoreToProto(score),
    targetBand: BAND_NUMBERS[targetBand],
    counterfactuals: counterfactuals.map(({ changes, cost, score: changed }) => ({
      ...{ cost, changes: changes.map(changeToProto), score: scoreToProto(changed) },
    })),
    fixedFeatures: fixed.map(({ feature, reason }) => ({ feature, reason: FIXED[reason] })),
    undecidedReason: undecided === null ? UndecidedReason.UNSPECIFIED : UNDECIDED[undecided],
    summary: counterfactualSummary(shown),
    steps: BigInt(steps),
  };
}

function changeToProto(change: FeatureChange): MessageInitShape<typeof FeatureChangeSchema> {
  const { feature, from, to, unit, cost } = change;
  return {
    ...{ feature, unit, cost, text: changeText(change) },
    ...(typeof from === "number" ? { presentValue: from } : { presentCategory: from }),
    ...(typeof to === "number" ? { newValue: to } : { newCategory: to }),
  };
}
