import type { ContributionSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { ReasonSchema } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import { shortReasonText } from "@bellwether/reasons/reason-text";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ExplainedContribution,
  ExplainedReason,
  PreviousContribution,
} from "../../domain/scores/explain-score.ts";

export function reasonToProto(reason: ExplainedReason): MessageInitShape<typeof ReasonSchema> {
  const { feature, contribution, share, value, category, unit, typical, typicalCategory } = reason;
  return {
    ...{ feature, contribution, share, category, unit, typicalCategory, text: shortReasonText(reason) },
    ...(value !== null && { value }),
    ...(typical !== null && { typical }),
    ...previousToProto(reason.previous),
  };
}

export function contributionToProto(entry: ExplainedContribution): MessageInitShape<typeof ContributionSchema> {
  const { feature, contribution, value, category, unit, typical, typicalCategory } = entry;
  return {
    ...{ feature, contribution, category, unit, typicalCategory },
    ...(value !== null && { value }),
    ...(typical !== null && { typical }),
    ...previousToProto(entry.previous),
  };
}

function previousToProto(previous: PreviousContribution | null) {
  if (previous === null) return {};
  const { contribution, value, category } = previous;
  return {
    previousContribution: contribution,
    previousCategory: category,
    ...(value !== null && { previousValue: value }),
  };
}
