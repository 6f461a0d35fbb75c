import { MAX_CATEGORY_BYTES } from "@bellwether/contract/limits";
import type { DriftComparison } from "@bellwether/drift/compare/compare-week";
import type { DriftBin } from "@bellwether/drift/compare/drift-bin";
import { DRIFT_ASPECTS, DRIFT_KINDS, DRIFT_OUTCOMES, DRIFT_REFERENCES } from "@bellwether/drift/words/drift-names";
import { driftText } from "@bellwether/drift/words/drift-text";
import type {
  DriftBinSchema,
  DriftComparisonSchema,
  FeatureDriftSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WeekDrift } from "../domain/week-drift.ts";

/** Number of comparisons of a run whose distributions are sent. */
const WITH_BINS = 64;
const MAX_TEXT_BYTES = 2_000;

/** Converts the comparisons of a week, grouped by feature in the order of the largest change. */
export function driftToProto({ comparisons, previousWeek }: Pick<WeekDrift, "comparisons" | "previousWeek">) {
  const features = new Map<string, MessageInitShape<typeof FeatureDriftSchema> & { comparisons: Converted[] }>();
  let withBins = 0;
  for (const comparison of comparisons) {
    const key = `${comparison.kind} ${comparison.feature}`;
    const feature = features.get(key) ?? {
      feature: comparison.feature,
      kind: DRIFT_KINDS[comparison.kind],
      psi: 0,
      comparisons: [],
    };
    features.set(key, feature);
    if (comparison.reference === "previous-week" && comparison.aspect === "values") feature.psi = comparison.psi ?? 0;
    const hasBins = comparison.bins.length > 0 && withBins < WITH_BINS;
    if (hasBins) withBins++;
    feature.comparisons.push(comparisonToProto(comparison, previousWeek, hasBins));
  }
  return [...features.values()];
}

type Converted = MessageInitShape<typeof DriftComparisonSchema>;

function comparisonToProto(comparison: DriftComparison, previousWeek: string, hasBins: boolean): Converted {
  const { category, psi, psiNoise, p, referenceRows, presentRows, referenceValue, presentValue } = comparison;
  return {
    reference: DRIFT_REFERENCES[comparison.reference],
    referenceWeek: comparison.reference === "training" ? "" : previousWeek,
    aspect: DRIFT_ASPECTS[comparison.aspect],
    outcome: DRIFT_OUTCOMES[comparison.outcome],
    ...{ referenceRows: BigInt(referenceRows), presentRows: BigInt(presentRows) },
    ...{ effect: comparison.effect, effectNoise: comparison.noise, shift: comparison.shift },
    ...(psi !== null && { psi }),
    ...(psiNoise !== null && { psiNoise }),
    ...(p !== null && { pValue: p }),
    ...{ referenceValue, presentValue },
    ...(category !== null && { category: cut(category, MAX_CATEGORY_BYTES) }),
    bins: hasBins ? comparison.bins.map(binToProto) : [],
    text: cut(driftText(comparison, { previousWeek, namesCategories: true }), MAX_TEXT_BYTES),
  };
}

function binToProto({
  from,
  to,
  category,
  referenceShare,
  presentShare,
}: DriftBin): MessageInitShape<typeof DriftBinSchema> {
  return {
    ...(from !== null && Number.isFinite(from) && { lower: from }),
    ...(to !== null && Number.isFinite(to) && { upper: to }),
    ...(category !== null && { category: cut(category, MAX_CATEGORY_BYTES) }),
    ...{ referenceShare: Math.min(1, referenceShare), presentShare: Math.min(1, presentShare) },
  };
}

/** Cuts a text to a number of bytes (UTF-8), without NUL and without a partial character at the end. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.replaceAll("\0", ""));
  if (bytes.byteLength <= maxBytes) return bytes.toString();
  return new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true });
}
