import { DRIFT_ASPECTS, DRIFT_KINDS, DRIFT_OUTCOMES, DRIFT_REFERENCES } from "@bellwether/drift/words/drift-names";
import type {
  DriftBin as DriftBinProto,
  DriftBinSchema,
  DriftComparison as DriftComparisonProto,
  DriftComparisonSchema,
  FeatureDrift as FeatureDriftProto,
  FeatureDriftSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DriftBin, DriftComparison, FeatureDrift } from "../../domain/scores/run-drift.ts";
import { nameOf } from "./alert-to-proto.ts";

/** Converts a stored drift. @param withBins whether the answer has the distributions */
export function driftToProto(
  { kind, comparisons = [], ...drift }: FeatureDrift,
  withBins: boolean,
): MessageInitShape<typeof FeatureDriftSchema> {
  return {
    ...drift,
    ...(kind && { kind: DRIFT_KINDS[kind] }),
    comparisons: comparisons.map((one) => comparisonToProto(one, withBins)),
  };
}

function comparisonToProto(
  { reference, aspect, outcome, referenceRows, presentRows, bins, ...figures }: DriftComparison,
  withBins: boolean,
): MessageInitShape<typeof DriftComparisonSchema> {
  return {
    ...figures,
    ...{ reference: DRIFT_REFERENCES[reference], aspect: DRIFT_ASPECTS[aspect], outcome: DRIFT_OUTCOMES[outcome] },
    ...{ referenceRows: BigInt(referenceRows), presentRows: BigInt(presentRows) },
    bins: withBins ? bins.map((bin): MessageInitShape<typeof DriftBinSchema> => ({ ...bin })) : [],
  };
}

/** Converts the drift of a request, which protovalidate accepted. */
export function driftFromProto({ feature, psi, kind, comparisons }: FeatureDriftProto): FeatureDrift {
  const named = nameOf(DRIFT_KINDS, kind);
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
    reference: nameOf(DRIFT_REFERENCES, one.reference) ?? "training",
    aspect: nameOf(DRIFT_ASPECTS, one.aspect) ?? "values",
    outcome: nameOf(DRIFT_OUTCOMES, one.outcome) ?? "none",
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
