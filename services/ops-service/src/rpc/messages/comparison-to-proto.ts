import {
  type ReplayComparisonSchema,
  ReplayFindingCode,
  ReplayOutcome,
} from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Comparison, FindingCode } from "../../domain/replay/replay-comparison.ts";

const OUTCOMES: Readonly<Record<Comparison["outcome"], ReplayOutcome>> = {
  equal: ReplayOutcome.EQUAL,
  different: ReplayOutcome.DIFFERENT,
  not_replayable: ReplayOutcome.NOT_REPLAYABLE,
};

const CODES: Readonly<Record<FindingCode, ReplayFindingCode>> = {
  input_not_kept: ReplayFindingCode.INPUT_NOT_KEPT,
  text_not_kept: ReplayFindingCode.TEXT_NOT_KEPT,
  input_too_large: ReplayFindingCode.INPUT_TOO_LARGE,
  payload_erased: ReplayFindingCode.PAYLOAD_ERASED,
  record_changed: ReplayFindingCode.RECORD_CHANGED,
  version_removed: ReplayFindingCode.VERSION_REMOVED,
  model_differs: ReplayFindingCode.MODEL_DIFFERS,
  configuration_differs: ReplayFindingCode.CONFIGURATION_DIFFERS,
  runtime_differs: ReplayFindingCode.RUNTIME_DIFFERS,
  kernel_differs: ReplayFindingCode.KERNEL_DIFFERS,
  not_a_score: ReplayFindingCode.NOT_A_SCORE,
  input_rejected: ReplayFindingCode.INPUT_REJECTED,
  scores_expired: ReplayFindingCode.SCORES_EXPIRED,
  version_rejected: ReplayFindingCode.VERSION_REJECTED,
  contributions_not_kept: ReplayFindingCode.CONTRIBUTIONS_NOT_KEPT,
};

export function comparisonToProto(comparison: Comparison): MessageInitShape<typeof ReplayComparisonSchema> {
  const { outcome, differences, findings, recordedBy, replayedBy } = comparison;
  const { decisions, decisionsDifferent, numbers, numbersDifferent } = comparison;
  return {
    outcome: OUTCOMES[outcome],
    decisions: BigInt(decisions),
    decisionsDifferent: BigInt(decisionsDifferent),
    numbers: BigInt(numbers),
    numbersDifferent: BigInt(numbersDifferent),
    differences: differences.map((difference) => ({ ...difference })),
    findings: findings.map(({ code, message }) => ({ code: CODES[code], message })),
    ...(recordedBy && { recordedBy }),
    ...(replayedBy && { replayedBy }),
  };
}
