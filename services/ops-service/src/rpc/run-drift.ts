import {
  DriftAspect,
  type DriftBin as DriftBinProto,
  type DriftBinSchema,
  type DriftComparison as DriftComparisonProto,
  type DriftComparisonSchema,
  DriftKind,
  DriftOutcome,
  DriftReference,
  type FeatureDrift as FeatureDriftProto,
  type FeatureDriftSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DriftBin, DriftComparison, FeatureDrift } from "../domain/run-drift.ts";

const KINDS = { numeric: DriftKind.NUMERIC, category: DriftKind.CATEGORY, score: DriftKind.SCORE } as const;
const REFERENCES = { training: DriftReference.TRAINING, "previous-week": DriftReference.PREVIOUS_WEEK } as const;
const ASPECTS = { values: DriftAspect.VALUES, missing: DriftAspect.MISSING } as const;
const OUTCOMES = {
  alarm: DriftOutcome.ALARM,
  none: DriftOutcome.NO_ALARM,
  "too-few": DriftOutcome.TOO_FEW_ROWS,
  moving: DriftOutcome.MOVING,
} as const;

/** Converts a stored drift. @param withBins whether the answer has the distributions */
export function driftToProto(
  { kind, comparisons = [], ...drift }: FeatureDrift,
  withBins: boolean,
): MessageInitShape<typeof FeatureDriftSchema> {
  return {
    ...drift,
    ...(kind && { kind: KINDS[kind] }),
    comparisons: comparisons.map((one) => comparisonToProto(one, withBins)),
  };
}

function comparisonToProto(
  { reference, aspect, outcome, referenceRows, presentRows, bins, ...figures }: DriftComparison,
  withBins: boolean,
): MessageInitShape<typeof DriftComparisonSchema> {
  return {
    ...figures,
    ...{ reference: REFERENCES[reference], aspect: ASPECTS[aspect], outcome: OUTCOMES[outcome] },
    ...{ referenceRows: BigInt(referenceRows), presentRows: BigInt(presentRows) },
    bins: withBins ? bins.map((bin): MessageInitShape<typeof DriftBinSchema> => ({ ...bin })) : [],
  };
}

/** Converts the drift of a request, which protovalidate accepted. */
export function driftFromProto({ feature, psi, kind, comparisons }: FeatureDriftProto): FeatureDrift {
  const named = keyOf(KINDS, kind);
  return {
    ...{ feature, psi },
    ...(named !== undefined && { kind: named }),
    ...(comparisons.length > 0 && { comparisons: comparisons.map(comparisonFromProto) }),
  };
}

function comparisonFromProto(one: DriftComparisonProto): DriftComparison {
  const { referenceWeek, effect, effectNoise, shift, referenceValue, presentValue, text } = one;
  return {
    ...{ referenceWeek, effect, effectNoise, shift, referenceValue, presentValue, text },
    reference: keyOf(REFERENCES, one.reference) ?? "training",
    aspect: keyOf(ASPECTS, one.aspect) ?? "values",
    outcome: keyOf(OUTCOMES, one.outcome) ?? "none",
    ...{ referenceRows: Number(one.referenceRows), presentRows: Number(one.presentRows) },
    ...(one.psi !== undefined && { psi: one.psi }),
    ...(one.psiNoise !== undefined && { psiNoise: one.psiNoise }),
    ...(one.pValue !== undefined && { pValue: one.pValue }),
    ...(one.category !== undefined && { category: one.category }),
    bins: one.bins.map(binFromProto),
  };
}

const binFromProto = ({ lower, upper, category, referenceShare, presentShare }: DriftBinProto): DriftBin => ({
  ...(lower !== undefined && { lower }),
  ...(upper !== undefined && { upper }),
  ...(category !== undefined && { category }),
  ...{ referenceShare, presentShare },
});

/** Returns the name of an enum's number. Undefined: the number is not known. */
function keyOf<Name extends string>(numbers: Readonly<Record<Name, number>>, wanted: number): Name | undefined {
  const names = Object.keys(numbers) as Name[];
  return names.find((name) => numbers[name] === wanted);
}
