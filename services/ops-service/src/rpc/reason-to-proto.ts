import type { ContributionSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import type { ReasonSchema } from "@bellwether/gen/bellwether/ops/v1/reason_pb";
import { shortReasonText } from "@bellwether/reasons/reason-text";
import type { Reason } from "@bellwether/reasons/reasons";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ExplainedContribution } from "../domain/explain-score.ts";

export function reasonToProto(reason: Reason): MessageInitShape<typeof ReasonSchema> {
  const { feature, contribution, share, value, category, unit, typical, typicalCategory } = reason;
  return {
    ...{ feature, contribution, share, category, unit, typicalCategory, text: shortReasonText(reason) },
    ...(value !== null && { value }),
    ...(typical !== null && { typical }),
  };
}

export function contributionToProto(entry: ExplainedContribution): MessageInitShape<typeof ContributionSchema> {
  const { feature, contribution, value, category, unit, typical, typicalCategory } = entry;
  return {
    ...{ feature, contribution, category, unit, typicalCategory },
    ...(value !== null && { value }),
    ...(typical !== null && { typical }),
  };
}
