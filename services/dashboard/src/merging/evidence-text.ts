import { DuplicateEvidence, type DuplicateReason } from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { visibleText } from "@bellwether/reasons/visible-text";

const FACTS: Readonly<Record<DuplicateEvidence, string>> = {
  [DuplicateEvidence.UNSPECIFIED]: "something in common",
  [DuplicateEvidence.SAME_IDENTIFIER]: "same",
  [DuplicateEvidence.SIMILAR_NAME]: "similar name",
  [DuplicateEvidence.SAME_REGION]: "same region",
  [DuplicateEvidence.SAME_CATEGORY]: "same category",
};

/** Returns what two suppliers have in common, in one line. */
export function evidenceText(reasons: readonly DuplicateReason[]): string {
  if (reasons.length === 0) return "nothing in common";
  return visibleText(
    reasons
      .map(({ evidence, identifierKind, value }) =>
        // A later release of the server can send further facts.
        [FACTS[evidence] ?? FACTS[DuplicateEvidence.UNSPECIFIED], identifierKind.toUpperCase(), value]
          .filter((part) => part !== "")
          .join(" "),
      )
      .join(", "),
  );
}
