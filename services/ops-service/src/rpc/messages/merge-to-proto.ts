import {
  type DuplicateDismissalSchema,
  DuplicateEvidence,
  type DuplicateProposalSchema,
  type DuplicateReasonSchema,
  type SupplierIdentitySchema,
  type SupplierMergeSchema,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Evidence } from "../../domain/merges/evidence.ts";
import { identityVersion, type SupplierIdentity } from "../../domain/merges/identity.ts";
import type { Dismissal, SupplierMerge } from "../../domain/merges/merge-suppliers.ts";
import type { DuplicateProposal } from "../../domain/merges/propose-duplicates.ts";

const FACTS: Readonly<Record<Evidence["fact"], DuplicateEvidence>> = {
  identifier: DuplicateEvidence.SAME_IDENTIFIER,
  name: DuplicateEvidence.SIMILAR_NAME,
  region: DuplicateEvidence.SAME_REGION,
  category: DuplicateEvidence.SAME_CATEGORY,
};

export function identityToProto(identity: SupplierIdentity): MessageInitShape<typeof SupplierIdentitySchema> {
  const { supplierId, name, region, category, identifiers, mergedInto } = identity;
  return {
    ...{ supplierId, name, region, category, mergedInto, version: identityVersion(identity) },
    identifiers: identifiers.map(({ kind, value, isShared = false }) => ({ kind, value, shared: isShared })),
  };
}

export function mergeToProto(merge: SupplierMerge): MessageInitShape<typeof SupplierMergeSchema> {
  const { mergeId, survivorId, mergedId, evidence, reason, mergedBy, mergedAt, undo } = merge;
  return {
    ...{ mergeId, survivorId, mergedId, reason, mergedBy, mergedAt: timestampFromDate(mergedAt) },
    evidence: evidence.map(evidenceToProto),
    ...(undo && { undoneBy: undo.by, undoneAt: timestampFromDate(undo.at), undoReason: undo.reason }),
  };
}

export function proposalToProto(proposal: DuplicateProposal): MessageInitShape<typeof DuplicateProposalSchema> {
  const { first, second, evidence, dismissal } = proposal;
  return {
    ...{ first: identityToProto(first), second: identityToProto(second), reasons: evidence.map(evidenceToProto) },
    ...(dismissal && { dismissal: dismissalToProto(dismissal) }),
  };
}

export function dismissalToProto(dismissal: Dismissal): MessageInitShape<typeof DuplicateDismissalSchema> {
  const { reason, dismissedBy, dismissedAt } = dismissal;
  return { reason, dismissedBy, dismissedAt: timestampFromDate(dismissedAt) };
}

function evidenceToProto(evidence: Evidence): MessageInitShape<typeof DuplicateReasonSchema> {
  return {
    evidence: FACTS[evidence.fact],
    ...(evidence.fact === "identifier" && { identifierKind: evidence.kind }),
    ...(evidence.fact !== "name" && { value: evidence.value }),
  };
}
