import {
  type DismissDuplicateRequest,
  DuplicateEvidence,
  type DuplicateProposalSchema,
  type MergeSuppliersRequest,
  type SupplierMergeSchema,
  SupplierMergeService,
  type UndoMergeRequest,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

/** Possible duplicates and merges of the server. Tests change them. */
export interface MergeData {
  proposals: MessageInitShape<typeof DuplicateProposalSchema>[];
  merges: MessageInitShape<typeof SupplierMergeSchema>[];
  notCompared: number;
  /** Requests in the order in which they came. */
  readonly merged: MergeSuppliersRequest[];
  readonly undone: UndoMergeRequest[];
  readonly dismissed: DismissDuplicateRequest[];
  /** Why the next decision is rejected. Undefined: it is stored. */
  rejection?: string;
}

const AT = timestampFromMs(Date.UTC(2026, 10, 20, 9, 30));
export const MERGE_ID = "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e63";
const VERSIONS = { own: "a".repeat(32), other: "b".repeat(32) };

/** Returns one possible duplicate of a supplier, with a hostile name, and no merge. */
export function demoMerges(supplierId = "S-1000"): MergeData {
  return {
    proposals: [
      {
        first: { supplierId, name: "Aldermoor Castings", version: VERSIONS.own },
        second: { supplierId: "S-9<b>", name: "Aldermoor <i>Castings</i> Ltd", version: VERSIONS.other },
        reasons: [
          { evidence: DuplicateEvidence.SAME_IDENTIFIER, identifierKind: "lei", value: "506700GE1G29325QX363" },
          { evidence: DuplicateEvidence.SIMILAR_NAME },
        ],
      },
    ],
    ...{ merges: [], notCompared: 0, merged: [], undone: [], dismissed: [] },
  };
}

/** Returns SupplierMergeService over data in memory. */
export function mergesInMemory(data: MergeData): Route {
  const check = (): void => {
    if (data.rejection !== undefined) throw new ConnectError(data.rejection, Code.Aborted);
  };
  return route(SupplierMergeService, {
    getSupplierIdentity: ({ supplierId }) => ({
      supplier: { supplierId, version: VERSIONS.own },
      merged: data.merges
        .filter((merge) => !merge.undoneAt && merge.survivorId === supplierId)
        .map(({ mergedId = "" }) => ({
          ...{ supplierId: mergedId, name: "Aldermoor <i>Castings</i> Ltd", mergedInto: supplierId },
          identifiers: [{ kind: "vat", value: "DE123456789" }],
        })),
      merges: data.merges,
    }),
    listDuplicates: () => ({ proposals: data.proposals, notCompared: data.notCompared }),
    dismissDuplicate(request) {
      check();
      data.dismissed.push(request);
      data.proposals = [];
      return { dismissal: { reason: request.reason, dismissedBy: "Ada (0f3c)", dismissedAt: AT } };
    },
    mergeSuppliers(request) {
      check();
      data.merged.push(request);
      data.proposals = [];
      const { survivorId, mergedId, reason } = request;
      const merge = { mergeId: MERGE_ID, survivorId, mergedId, reason, mergedBy: "Ada (0f3c)", mergedAt: AT };
      data.merges = [merge];
      return { merge };
    },
    undoMerge(request) {
      check();
      data.undone.push(request);
      data.merges = data.merges.map((merge) => ({
        ...merge,
        ...{ undoneBy: "Ada (0f3c)", undoneAt: AT, undoReason: request.reason },
      }));
      const [merge] = data.merges;
      return { ...(merge && { merge }) };
    },
  });
}
