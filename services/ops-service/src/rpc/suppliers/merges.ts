import {
  type ListDuplicatesRequest,
  ListDuplicatesRequestSchema,
  type SupplierMergeService,
} from "@bellwether/gen/bellwether/ops/v1/supplier_merge_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { type PageTokens, pageTokenError, pageTokens } from "@bellwether/mesh/call/page-token";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { SupplierIdentity } from "../../domain/merges/identity.ts";
import {
  dismissDuplicate,
  type MergeAuthor,
  type MergeTransaction,
  mergeSuppliers,
  type SupplierMerge,
  undoMerge,
} from "../../domain/merges/merge-suppliers.ts";
import {
  type DuplicatePosition,
  type DuplicateStore,
  proposeDuplicates,
  proposeDuplicatesOf,
} from "../../domain/merges/propose-duplicates.ts";
import { SupplierNotFoundError } from "../../domain/ops-error.ts";
import { dismissalToProto, identityToProto, mergeToProto, proposalToProto } from "../messages/merge-to-proto.ts";
import { rowFromText } from "../page-token.ts";
import { typedText } from "../typed-text.ts";

export interface MergeDependencies {
  readonly transact: <T>(work: (transaction: MergeTransaction) => Promise<T>) => Promise<T>;
  readonly duplicates: DuplicateStore;
  readonly findIdentity: (supplierId: string) => Promise<SupplierIdentity | undefined>;
  /** Returns the suppliers that are merged into a supplier, in the order of the merges. */
  readonly readMerged: (survivor: number) => Promise<readonly SupplierIdentity[]>;
  /** Returns the latest merges of a supplier, newest first. */
  readonly listMerges: (supplier: number) => Promise<readonly SupplierMerge[]>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 20;
const MAX_PAGE = 50;

/** Returns the handlers of SupplierMergeService. */
export function mergeHandlers(deps: MergeDependencies): ServiceImpl<typeof SupplierMergeService> {
  const { transact, duplicates, now } = deps;
  const authorOf = (context: HandlerContext): MergeAuthor => ({ actor: actorOf(callerOf(context)), now: now() });
  const knownIdentity = async (supplierId: string): Promise<SupplierIdentity> => {
    const found = await deps.findIdentity(supplierId);
    if (!found) throw new SupplierNotFoundError(supplierId);
    return found;
  };
  return {
    async getSupplierIdentity({ supplierId }) {
      const supplier = await knownIdentity(supplierId);
      const [merged, merges] = await Promise.all([deps.readMerged(supplier.number), deps.listMerges(supplier.number)]);
      return {
        supplier: identityToProto(supplier),
        merged: merged.map(identityToProto),
        merges: merges.map(mergeToProto),
      };
    },
    async listDuplicates(request) {
      const tokens = pageTokens(ListDuplicatesRequestSchema, request);
      const after = positionFromKey(tokens.read(request.pageToken, 4));
      const { proposals, next, notCompared } = await listPage(request, after);
      return {
        proposals: proposals.map(proposalToProto),
        nextPageToken: next === undefined ? "" : tokenOf(next, tokens),
        notCompared,
      };
    },
    async dismissDuplicate({ firstId, secondId, firstVersion, secondVersion, reason }, context) {
      const first = { supplierId: firstId, version: firstVersion };
      const second = { supplierId: secondId, version: secondVersion };
      const request = { pair: [first, second], reason: typedText(reason) } as const;
      const { dismissal, isRepeated } = await transact((tx) => dismissDuplicate(tx, request, authorOf(context)));
      return { dismissal: dismissalToProto(dismissal), repeatedRequest: isRepeated };
    },
    async mergeSuppliers({ survivorId, mergedId, survivorVersion, mergedVersion, reason }, context) {
      const request = {
        survivor: { supplierId: survivorId, version: survivorVersion },
        merged: { supplierId: mergedId, version: mergedVersion },
        reason: typedText(reason),
      };
      const { merge, isRepeated } = await transact((tx) => mergeSuppliers(tx, request, authorOf(context)));
      return { merge: mergeToProto(merge), repeatedRequest: isRepeated };
    },
    async undoMerge({ mergeId, reason }, context) {
      const request = { mergeId, reason: typedText(reason) };
      const { merge, isRepeated } = await transact((tx) => undoMerge(tx, request, authorOf(context)));
      return { merge: mergeToProto(merge), repeatedRequest: isRepeated };
    },
  };

  async function listPage(
    { supplierId, pageSize, includeDismissed: withDismissed }: ListDuplicatesRequest,
    after: DuplicatePosition | undefined,
  ) {
    if (supplierId === "")
      return await proposeDuplicates(duplicates, { after, size: pageSize || DEFAULT_PAGE, withDismissed });
    const supplier = await knownIdentity(supplierId);
    return await proposeDuplicatesOf(duplicates, supplier, { size: pageSize || MAX_PAGE, withDismissed });
  }
}

/** Keys have letters of any script, and parts of a token must not contain a space. */
function tokenOf({ isByName, kind, key, supplier }: DuplicatePosition, tokens: PageTokens): string {
  return tokens.write([isByName ? "name" : "id", encode(kind), encode(key), supplier]);
}

function positionFromKey(parts: readonly string[] | undefined): DuplicatePosition | undefined {
  if (!parts) return undefined;
  const [list = "", kind = "", key = "", supplier = ""] = parts;
  if (list !== "name" && list !== "id") throw pageTokenError();
  const number = rowFromText(supplier, Number.MAX_SAFE_INTEGER);
  return { isByName: list === "name", kind: decode(kind), key: decode(key), supplier: number };
}

const encode = (text: string): string => Buffer.from(text).toString("base64url");
/** A token can be changed by its sender: PostgreSQL stores no NUL. */
const decode = (text: string): string => Buffer.from(text, "base64url").toString().replaceAll("\0", "");
