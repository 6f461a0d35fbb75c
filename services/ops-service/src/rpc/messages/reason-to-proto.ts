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
  const { feature, contribution, share, value, category, unit, typical, typicalCategory, previous } = reason;
  const text = shortReasonText(reason);
  const shown: MessageInitShape<typeof ReasonSchema> = {
    feature,
    contribution,
    share,
    category,
    unit,
    typicalCategory,
    text,
  };
  if (value !== null) shown.value = value;
  if (typical !== null) shown.typical = typical;
  if (previous) addPrevious(shown, previous);
  return shown;
}

export function contributionToProto(entry: ExplainedContribution): MessageInitShape<typeof ContributionSchema> {
  const { feature, contribution, value, category, unit, typical, typicalCategory, previous } = entry;
  const shown: MessageInitShape<typeof ContributionSchema> = {
    feature,
    contribution,
    category,
    unit,
    typicalCategory,
  };
  if (value !== null) shown.value = value;
  if (typical !== null) shown.typical = typical;
  if (previous) addPrevious(shown, previous);
  return shown;
}

function addPrevious(
  shown: MessageInitShape<typeof ContributionSchema> | MessageInitShape<typeof ReasonSchema>,
  { contribution, value, category }: PreviousContribution,
): void {
  shown.previousContribution = contribution;
  shown.previousCategory = category;
  if (value !== null) shown.previousValue = value;
}
