import type { ModelIdentity } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  type ReplayComparison,
  ReplayComparisonSchema,
  type ReplayFinding,
  ReplayFindingCode,
  ReplayOutcome,
} from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { countText } from "@bellwether/reasons/count-text";
import { create } from "@bufbuild/protobuf";
import { enumWord } from "../output/enum-word.ts";

/** Maximum number of differences, and of findings, that are shown. */
const MAX_LISTED = 20;

/** The comparison before the first page of a run: nothing differs yet. */
export const NO_COMPARISON: ReplayComparison = create(ReplayComparisonSchema, { outcome: ReplayOutcome.EQUAL });

/** Returns the comparison of an answer. @throws an error when the answer has none */
export function comparisonOf(comparison: ReplayComparison | undefined): ReplayComparison {
  if (!comparison) throw new Error("ops-service returned no comparison");
  return comparison;
}

/** Adds the comparison of the next page of a run. A bit that differs counts more than a part that cannot be computed. */
export function addPage(sum: ReplayComparison, next: ReplayComparison | undefined): ReplayComparison {
  const page = comparisonOf(next);
  const order = [ReplayOutcome.DIFFERENT, ReplayOutcome.NOT_REPLAYABLE, ReplayOutcome.EQUAL];
  const outcome = order.find((one) => sum.outcome === one || page.outcome === one) ?? ReplayOutcome.UNSPECIFIED;
  const known = new Set(sum.findings.map(({ message }) => message));
  return create(ReplayComparisonSchema, {
    outcome,
    decisions: sum.decisions + page.decisions,
    decisionsDifferent: sum.decisionsDifferent + page.decisionsDifferent,
    numbers: sum.numbers + page.numbers,
    numbersDifferent: sum.numbersDifferent + page.numbersDifferent,
    differences: [...sum.differences, ...page.differences].slice(0, MAX_LISTED),
    findings: [...sum.findings, ...page.findings.filter(({ message }) => !known.has(message))].slice(0, MAX_LISTED),
    ...withModels(sum.recordedBy ?? page.recordedBy, sum.replayedBy ?? page.replayedBy),
  });
}

const withModels = (recordedBy: ModelIdentity | undefined, replayedBy: ModelIdentity | undefined) => ({
  ...(recordedBy && { recordedBy }),
  ...(replayedBy && { replayedBy }),
});

/** Describes a comparison for a person. */
export function comparisonLines(comparison: ReplayComparison): readonly string[] {
  const { decisions, decisionsDifferent, numbers, numbersDifferent, differences, findings, recordedBy } = comparison;
  const rest = Number(numbersDifferent) - differences.length;
  return [
    ...(recordedBy
      ? [`  computed by ${recordedBy.name} ${recordedBy.version}, model.onnx ${recordedBy.modelDigest}`]
      : []),
    `  ${OUTCOME_TEXTS[comparison.outcome] ?? "unknown result"}: ${countText(Number(decisions), "decision")}, ${countText(Number(numbers), "number")} compared` +
      (numbersDifferent > 0n
        ? `, ${numbersDifferent} with other bits in ${countText(Number(decisionsDifferent), "decision")}`
        : ""),
    ...findings.map(({ message }) => `  ${message}`),
    ...differences.map(
      ({ supplierId, field, recorded, replayed }) =>
        `  ${supplierId === "" ? "" : `${supplierId} `}${field}: recorded ${recorded || "none"}, computed again ${replayed || "none"}`,
    ),
    ...(rest > 0 ? [`  and ${countText(rest, "other number")}`] : []),
  ];
}

const OUTCOME_TEXTS: Partial<Record<ReplayOutcome, string>> = {
  [ReplayOutcome.EQUAL]: "equal bit for bit",
  [ReplayOutcome.DIFFERENT]: "DIFFERENT",
  [ReplayOutcome.NOT_REPLAYABLE]: "cannot be computed again",
};

/** Returns a comparison as the fields of --json. */
export function comparisonJson(comparison: ReplayComparison) {
  const { decisions, decisionsDifferent, numbers, numbersDifferent, differences, findings } = comparison;
  return {
    outcome: enumWord(ReplayOutcome, comparison.outcome),
    decisions: Number(decisions),
    decisions_different: Number(decisionsDifferent),
    numbers: Number(numbers),
    numbers_different: Number(numbersDifferent),
    differences: differences.map(({ supplierId, field, recorded, replayed }) => ({
      ...{ supplier_id: supplierId || null, field, recorded: recorded || null, replayed: replayed || null },
    })),
    findings: findings.map(findingJson),
    recorded_by: modelJson(comparison.recordedBy),
    replayed_by: modelJson(comparison.replayedBy),
  };
}

const findingJson = ({ code, message }: ReplayFinding) => ({ code: enumWord(ReplayFindingCode, code), message });

function modelJson(model: ModelIdentity | undefined) {
  if (!model) return null;
  const { name, version, modelDigest, bundleDigest, configHash, runtime, kernel } = model;
  return {
    ...{ name, version, runtime, kernel },
    ...{ model_digest: modelDigest, bundle_digest: bundleDigest, config_hash: configHash },
  };
}
