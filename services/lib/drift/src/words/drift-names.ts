import { DriftAspect, DriftKind, DriftOutcome, DriftReference } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { DriftComparison } from "../compare/compare-week.ts";

type Numbers<Name extends string, Number> = Readonly<Record<Name, Number>>;

/** The words of a comparison, as the contract has them. */
export const DRIFT_KINDS: Numbers<DriftComparison["kind"], DriftKind> = {
  numeric: DriftKind.NUMERIC,
  category: DriftKind.CATEGORY,
  score: DriftKind.SCORE,
};

export const DRIFT_REFERENCES: Numbers<DriftComparison["reference"], DriftReference> = {
  training: DriftReference.TRAINING,
  "previous-week": DriftReference.PREVIOUS_WEEK,
};

export const DRIFT_ASPECTS: Numbers<DriftComparison["aspect"], DriftAspect> = {
  values: DriftAspect.VALUES,
  missing: DriftAspect.MISSING,
};

export const DRIFT_OUTCOMES: Numbers<DriftComparison["outcome"], DriftOutcome> = {
  alarm: DriftOutcome.ALARM,
  none: DriftOutcome.NO_ALARM,
  "too-few": DriftOutcome.TOO_FEW_ROWS,
  moving: DriftOutcome.MOVING,
};
