import {
  DuplicateEvidence,
  type DuplicateProposal,
  type DuplicateReason,
  type SupplierIdentity,
  type SupplierMerge,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { enumWord } from "../output/enum-word.ts";
import { printable } from "../output/printable.ts";

/** Returns what two suppliers have in common, in one line. */
export function evidenceText(reasons: readonly DuplicateReason[]): string {
  if (reasons.length === 0) return "nothing in common";
  return reasons.map(reasonText).join(", ");
}

function reasonText({ evidence, identifierKind, value }: DuplicateReason): string {
  if (evidence === DuplicateEvidence.SAME_IDENTIFIER) return printable(`same ${identifierKind.toUpperCase()} ${value}`);
  const words = enumWord(DuplicateEvidence, evidence).replaceAll("_", " ");
  return printable(value === "" ? words : `${words} ${value}`);
}

/** Returns a possible duplicate as lines of text. */
export function proposalLines({ first, second, reasons, dismissal }: DuplicateProposal): string[] {
  return [
    `${identityText(first)}  =?  ${identityText(second)}`,
    `  ${evidenceText(reasons)}`,
    ...(dismissal ? [`  dismissed by ${printable(dismissal.dismissedBy)}: ${printable(dismissal.reason)}`] : []),
  ];
}

function identityText(identity: SupplierIdentity | undefined): string {
  return [identity?.supplierId ?? "", identity?.name ?? ""]
    .filter((part) => part !== "")
    .map(printable)
    .join(" ");
}

/** Returns a possible duplicate as one object of JSON. */
export function proposalJson({ first, second, reasons, dismissal }: DuplicateProposal) {
  return {
    first: identityJson(first),
    second: identityJson(second),
    reasons: reasons.map(reasonJson),
    dismissal: dismissal ? { reason: dismissal.reason, dismissed_by: dismissal.dismissedBy } : null,
  };
}

function identityJson(identity: SupplierIdentity | undefined) {
  if (!identity) return null;
  const { supplierId, name, region, category, identifiers, version } = identity;
  return {
    ...{ supplier_id: supplierId, name, region, category, version },
    identifiers: Object.fromEntries(identifiers.map(({ kind, value }) => [kind, value])),
  };
}

function reasonJson({ evidence, identifierKind, value }: DuplicateReason) {
  const fact = enumWord(DuplicateEvidence, evidence);
  return { evidence: fact, ...(identifierKind !== "" && { identifier_kind: identifierKind }), value };
}

/** Returns a merge as one object of JSON. */
export function mergeJson(merge: SupplierMerge) {
  return {
    ...{ merge_id: merge.mergeId, survivor_id: merge.survivorId, merged_id: merge.mergedId },
    ...{ evidence: merge.evidence.map(reasonJson), reason: merge.reason, merged_by: merge.mergedBy },
    merged_at: merge.mergedAt ? timestampDate(merge.mergedAt).toISOString() : null,
    ...(merge.undoneAt && {
      ...{ undone_by: merge.undoneBy, undo_reason: merge.undoReason },
      undone_at: timestampDate(merge.undoneAt).toISOString(),
    }),
  };
}
