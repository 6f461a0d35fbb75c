import type { ContributionSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { ReasonSchema } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import { shortReasonText } from "@bellwether/reasons/reason-text";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ExplainedContribution, ExplainedReason } from "../../domain/scores/explain-score.ts";

export function reasonToProto(reason: ExplainedReason): MessageInitShape<typeof ReasonSchema> {
  const { feature, contribution, share, category, unit, typicalCategory } = reason;
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
  addKnown(shown, reason);
  return shown;
}

export function contributionToProto(entry: ExplainedContribution): MessageInitShape<typeof ContributionSchema> {
  const { feature, contribution, category, unit, typicalCategory } = entry;
  const shown: MessageInitShape<typeof ContributionSchema> = {
    feature,
    contribution,
    category,
    unit,
    typicalCategory,
  };
  addKnown(shown, entry);
  return shown;
}

/** Adds what is known of the value, the typical value and the previous score. */
function addKnown(
  shown: MessageInitShape<typeof ContributionSchema> | MessageInitShape<typeof ReasonSchema>,
  { value, typical, previous }: Pick<ExplainedContribution, "value" | "typical" | "previous">,
): void {
  if (value !== null) shown.value = value;
  if (typical !== null) shown.typical = typical;
  if (previous === null) return;
  shown.previousContribution = previous.contribution;
  shown.previousCategory = previous.category;
  if (previous.value !== null) shown.previousValue = previous.value;
}
