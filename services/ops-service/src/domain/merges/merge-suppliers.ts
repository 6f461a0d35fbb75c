import { countText } from "@bellwether/reasons/count-text";
import { SupplierNotFoundError } from "../ops-error.ts";
import { type Evidence, findEvidence, hasCommonIdentifier } from "./evidence.ts";
import { dataDigest, identityVersion, type SupplierIdentity } from "./identity.ts";
import { MergeNotFoundError, MergeReasonError, MergeStateError, SupplierChangedError } from "./merge-error.ts";

/** A merge of one supplier into another, as it is stored. */
export interface SupplierMerge {
  readonly mergeId: string;
  readonly survivorId: string;
  readonly mergedId: string;
  readonly evidence: readonly Evidence[];
  readonly reason: string;
  readonly mergedBy: string;
  readonly mergedAt: Date;
  /** Null: the merge was not undone. */
  readonly undo: { readonly by: string; readonly at: Date; readonly reason: string } | null;
}

/** The decision that two suppliers are not the same company. */
export interface Dismissal {
  readonly reason: string;
  readonly dismissedBy: string;
  readonly dismissedAt: Date;
}

/** A supplier and the version that a person saw. */
export interface SeenSupplier {
  readonly supplierId: string;
  readonly version: string;
}

export interface MergeAuthor {
  readonly actor: string;
  readonly now: Date;
}

/** Reads and changes merges in one transaction. */
export interface MergeTransaction {
  /** Waits for other changes of merges, then locks suppliers and returns those that exist, by id. */
  lock(supplierIds: readonly string[]): Promise<ReadonlyMap<string, SupplierIdentity>>;
  /** Returns the merge of a supplier into another that was not undone. */
  activeMerge(merged: SupplierIdentity): Promise<SupplierMerge | undefined>;
  /** Counts the suppliers that are merged into a supplier, and all merged suppliers. */
  countMerged(survivor: SupplierIdentity): Promise<{ readonly ofSurvivor: number; readonly all: number }>;
  addMerge(
    survivor: SupplierIdentity,
    merged: SupplierIdentity,
    merge: Omit<SupplierMerge, "mergeId">,
  ): Promise<string>;
  findMerge(mergeId: string): Promise<SupplierMerge | undefined>;
  undoMerge(mergeId: string, undo: NonNullable<SupplierMerge["undo"]>): Promise<void>;
  /** Returns the dismissal of a pair with these data. */
  findDismissal(pair: IdentityPair): Promise<Dismissal | undefined>;
  writeDismissal(pair: IdentityPair, dismissal: Dismissal): Promise<void>;
  appendAudit(event: {
    readonly kind: string;
    readonly actor: string;
    readonly subject: string;
    readonly payload: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

/** Two suppliers, in the order of their numbers, with the digests of their data. */
export interface IdentityPair {
  readonly first: SupplierIdentity;
  readonly second: SupplierIdentity;
  readonly digests: readonly [string, string];
}

/** Maximum number of suppliers that are merged into one. */
export const MAX_MERGED = 50;
/** Maximum number of merged suppliers. Lists keep all of them in memory. */
export const MAX_MERGES = 50_000;

/**
 * Merges a supplier into another. While it is merged into this survivor, the same merge again returns the first one.
 * @throws SupplierNotFoundError, SupplierChangedError, MergeStateError, MergeReasonError
 */
export async function mergeSuppliers(
  transaction: MergeTransaction,
  request: { readonly survivor: SeenSupplier; readonly merged: SeenSupplier; readonly reason: string },
  { actor, now }: MergeAuthor,
): Promise<{ readonly merge: SupplierMerge; readonly isRepeated: boolean }> {
  const known = await transaction.lock([request.survivor.supplierId, request.merged.supplierId]);
  const survivor = knownOf(known, request.survivor.supplierId);
  const merged = knownOf(known, request.merged.supplierId);
  const earlier = await transaction.activeMerge(merged);
  if (earlier?.survivorId === survivor.supplierId) return { merge: earlier, isRepeated: true };
  checkSeen(survivor, request.survivor);
  checkSeen(merged, request.merged);
  await checkMergeable(transaction, survivor, merged);
  const evidence = findEvidence(survivor, merged);
  if (request.reason === "" && !hasCommonIdentifier(evidence)) throw new MergeReasonError();
  const merge = {
    ...{ survivorId: survivor.supplierId, mergedId: merged.supplierId, evidence, reason: request.reason },
    ...{ mergedBy: actor, mergedAt: now, undo: null },
  };
  const mergeId = await transaction.addMerge(survivor, merged, merge);
  const payload = {
    mergeId,
    survivor: survivor.supplierId,
    merged: merged.supplierId,
    evidence,
    reason: request.reason,
  };
  await transaction.appendAudit({ kind: "suppliers.merged", actor, subject: merged.supplierId, payload });
  return { merge: { mergeId, ...merge }, isRepeated: false };
}

/** A merge links one level: reads follow a link once, and an undo changes two suppliers and no other. */
async function checkMergeable(
  transaction: MergeTransaction,
  survivor: SupplierIdentity,
  merged: SupplierIdentity,
): Promise<void> {
  const [one, other] = [survivor, merged].map(({ supplierId }) => JSON.stringify(supplierId));
  if (survivor.number === merged.number) throw new MergeStateError(`${one} cannot be merged into itself`);
  if (survivor.mergedInto === merged.supplierId)
    throw new MergeStateError(`${one} is merged into ${other}; undo that merge first`);
  if (survivor.mergedInto !== "")
    throw new MergeStateError(
      `${one} is itself merged into ${JSON.stringify(survivor.mergedInto)}; merge ${other} into that supplier`,
    );
  if (merged.mergedInto !== "")
    throw new MergeStateError(
      `${other} is already merged into ${JSON.stringify(merged.mergedInto)}; undo that merge first`,
    );
  const { ofSurvivor: below } = await transaction.countMerged(merged);
  if (below > 0)
    throw new MergeStateError(
      `${countText(below, "supplier")} ${below === 1 ? "is" : "are"} merged into ${other}; undo that first, or merge ${one} into ${other}`,
    );
  const { ofSurvivor, all } = await transaction.countMerged(survivor);
  if (ofSurvivor >= MAX_MERGED)
    throw new MergeStateError(`${MAX_MERGED} suppliers are merged into ${one}; no more are possible`);
  if (all >= MAX_MERGES) throw new MergeStateError(`${MAX_MERGES} suppliers are merged; no more are possible`);
}

/**
 * Undoes a merge. The undo of a merge that was undone before returns the first undo.
 * @throws MergeNotFoundError
 */
export async function undoMerge(
  transaction: MergeTransaction,
  { mergeId, reason }: { readonly mergeId: string; readonly reason: string },
  { actor, now }: MergeAuthor,
): Promise<{ readonly merge: SupplierMerge; readonly isRepeated: boolean }> {
  const seen = await transaction.findMerge(mergeId);
  if (!seen) throw new MergeNotFoundError(mergeId);
  await transaction.lock([seen.survivorId, seen.mergedId]);
  const merge = (await transaction.findMerge(mergeId)) ?? seen;
  if (merge.undo) return { merge, isRepeated: true };
  const undo = { by: actor, at: now, reason };
  await transaction.undoMerge(mergeId, undo);
  const { survivorId, mergedId } = merge;
  const payload = { mergeId, survivor: survivorId, merged: mergedId, reason };
  await transaction.appendAudit({ kind: "suppliers.merge_undone", actor, subject: mergedId, payload });
  return { merge: { ...merge, undo }, isRepeated: false };
}

/**
 * Records that two suppliers are not the same company. The pair again, with the same data, returns the first dismissal.
 * @throws SupplierNotFoundError, SupplierChangedError, MergeStateError
 */
export async function dismissDuplicate(
  transaction: MergeTransaction,
  request: { readonly pair: readonly [SeenSupplier, SeenSupplier]; readonly reason: string },
  { actor, now }: MergeAuthor,
): Promise<{ readonly dismissal: Dismissal; readonly isRepeated: boolean }> {
  const [seenOne, seenOther] = request.pair;
  const known = await transaction.lock([seenOne.supplierId, seenOther.supplierId]);
  const one = knownOf(known, seenOne.supplierId);
  const other = knownOf(known, seenOther.supplierId);
  if (one.number === other.number) throw new MergeStateError("both ids are the same; a pair has two suppliers");
  checkSeen(one, seenOne);
  checkSeen(other, seenOther);
  if (one.mergedInto === other.supplierId || other.mergedInto === one.supplierId)
    throw new MergeStateError("the suppliers are merged; undo the merge instead");
  const pair = pairOf(one, other);
  const earlier = await transaction.findDismissal(pair);
  if (earlier) return { dismissal: earlier, isRepeated: true };
  const dismissal = { reason: request.reason, dismissedBy: actor, dismissedAt: now };
  await transaction.writeDismissal(pair, dismissal);
  const payload = {
    ...{ first: pair.first.supplierId, second: pair.second.supplierId },
    ...{ evidence: findEvidence(pair.first, pair.second), reason: request.reason },
  };
  const subject = pair.second.supplierId;
  await transaction.appendAudit({ kind: "suppliers.duplicate_dismissed", actor, subject, payload });
  return { dismissal, isRepeated: false };
}

/** Returns a pair in the order of the numbers. */
export function pairOf(one: SupplierIdentity, other: SupplierIdentity): IdentityPair {
  const [first, second] = one.number < other.number ? [one, other] : [other, one];
  return { first, second, digests: [dataDigest(first), dataDigest(second)] };
}

function knownOf(known: ReadonlyMap<string, SupplierIdentity>, supplierId: string): SupplierIdentity {
  const found = known.get(supplierId);
  if (!found) throw new SupplierNotFoundError(supplierId);
  return found;
}

function checkSeen(known: SupplierIdentity, { version }: SeenSupplier): void {
  const present = identityVersion(known);
  if (present !== version) throw new SupplierChangedError(known.supplierId, present);
}
