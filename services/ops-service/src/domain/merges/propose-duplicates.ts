import { identifierKey } from "../suppliers/search-key.ts";
import { type Evidence, findEvidence, hasCommonIdentifier, isProposed } from "./evidence.ts";
import type { SupplierIdentity } from "./identity.ts";
import { type Dismissal, type IdentityPair, pairOf } from "./merge-suppliers.ts";

/** Two suppliers that are possibly the same company. */
export interface DuplicateProposal {
  readonly first: SupplierIdentity;
  readonly second: SupplierIdentity;
  readonly evidence: readonly Evidence[];
  /** Null: not dismissed, or the data have changed since then. */
  readonly dismissal: Dismissal | null;
}

/** Suppliers with the same identifier, or with the same `matchKey`. */
export interface DuplicateGroup {
  /** Kind of the identifier. Empty: the suppliers have the same `matchKey`. */
  readonly kind: string;
  readonly key: string;
  /** Numbers of the first suppliers of the group, lowest first, at most `MAX_GROUP`. */
  readonly members: readonly number[];
  /** Number of further suppliers of the group, which are not compared. */
  readonly further: number;
}

/** A place in the list: groups by identifier come first, then groups by name. */
export interface DuplicatePosition {
  readonly isByName: boolean;
  readonly kind: string;
  readonly key: string;
  /** Number of the last listed supplier of the group. */
  readonly supplier: number;
}

/** Reads what proposals are made of. */
export interface DuplicateStore {
  /** Returns groups from a place on, in their order. The group of the place is included. */
  groups(from: DuplicatePosition, limit: number): Promise<readonly DuplicateGroup[]>;
  /** Returns the suppliers that have an identifier or the `matchKey` of a supplier, without it. */
  similarTo(supplier: SupplierIdentity, limit: number): Promise<readonly number[]>;
  identities(numbers: readonly number[]): Promise<ReadonlyMap<number, SupplierIdentity>>;
  /** Returns the dismissals of pairs of these suppliers whose data have not changed, by `pairKey`. */
  dismissals(suppliers: ReadonlyMap<number, SupplierIdentity>): Promise<ReadonlyMap<string, Dismissal>>;
}

/** A page of proposals. */
export interface DuplicatePage {
  readonly proposals: readonly DuplicateProposal[];
  /** Place after which the next page begins. Undefined: there is no further page. */
  readonly next: DuplicatePosition | undefined;
  readonly notCompared: number;
}

/** Maximum number of suppliers of a group that are compared with each other. */
export const MAX_GROUP = 50;
/** Maximum number of groups that a page reads. */
const MAX_GROUPS = 100;
/** Maximum number of suppliers with the evidence of one supplier that are compared with it. */
const MAX_SIMILAR = 200;

const START: DuplicatePosition = { isByName: false, kind: "", key: "", supplier: 0 };
const NAMES: DuplicatePosition = { ...START, isByName: true };

/** Returns the key of a pair of suppliers. */
export const pairKey = (first: number, second: number): string => `${first}/${second}`;

/** Lists a page of possible duplicates. A page can be short although there is a next one. */
export async function proposeDuplicates(
  store: DuplicateStore,
  {
    after = START,
    size,
    withDismissed,
  }: { readonly after?: DuplicatePosition | undefined; readonly size: number; readonly withDismissed: boolean },
): Promise<DuplicatePage> {
  const groups = await store.groups(after, MAX_GROUPS);
  const suppliers = await store.identities([...new Set(groups.flatMap(({ members }) => members))]);
  const dismissals = await store.dismissals(suppliers);
  const proposals: DuplicateProposal[] = [];
  let notCompared = 0;
  let position = after;
  for (const group of groups) {
    const isContinued = group.key === after.key && group.kind === after.kind;
    notCompared += isContinued ? 0 : group.further;
    for (const proposal of pairsOf(group, suppliers, dismissals, withDismissed)) {
      if (isContinued && proposal.second.number <= after.supplier) continue;
      if (proposals.length === size) return { proposals, next: position, notCompared };
      proposals.push(proposal);
      position = { ...placeOf(group, after), supplier: proposal.second.number };
    }
    position = { ...placeOf(group, after), supplier: Number.MAX_SAFE_INTEGER };
  }
  if (groups.length === MAX_GROUPS) return { proposals, next: position, notCompared };
  return { proposals, next: after.isByName ? undefined : NAMES, notCompared };
}

const placeOf = ({ kind, key }: DuplicateGroup, { isByName }: DuplicatePosition) => ({ isByName, kind, key });

/** Each supplier of a group is proposed once: with the oldest one that it has enough in common with. */
function pairsOf(
  group: DuplicateGroup,
  suppliers: ReadonlyMap<number, SupplierIdentity>,
  dismissals: ReadonlyMap<string, Dismissal>,
  withDismissed: boolean,
): readonly DuplicateProposal[] {
  const members = group.members.flatMap((number) => suppliers.get(number) ?? []);
  return members.flatMap((second, i) => {
    for (const first of members.slice(0, i)) {
      const proposal = proposalOf(pairOf(first, second), dismissals);
      if (!proposal || !isGroupOf(group, proposal.evidence)) continue;
      if (withDismissed || proposal.dismissal === null) return [proposal];
    }
    return [];
  });
}

/** A pair that has several things in common is listed in the first of its groups only. */
function isGroupOf({ kind, key }: DuplicateGroup, evidence: readonly Evidence[]): boolean {
  const [first] = evidence;
  if (first?.fact !== "identifier") return kind === "";
  return first.kind === kind && identifierKey(first.value) === key;
}

function proposalOf(
  { first, second }: IdentityPair,
  dismissals: ReadonlyMap<string, Dismissal>,
): DuplicateProposal | undefined {
  if (first.mergedInto !== "" || second.mergedInto !== "") return undefined;
  const evidence = findEvidence(first, second);
  if (!isProposed(evidence)) return undefined;
  return { first, second, evidence, dismissal: dismissals.get(pairKey(first.number, second.number)) ?? null };
}

/** Lists the possible duplicates of one supplier, at most `size`: those with a common identifier first. */
export async function proposeDuplicatesOf(
  store: DuplicateStore,
  supplier: SupplierIdentity,
  { size, withDismissed }: { readonly size: number; readonly withDismissed: boolean },
): Promise<DuplicatePage> {
  const found = await store.similarTo(supplier, MAX_SIMILAR + 1);
  const suppliers = await store.identities([supplier.number, ...found.slice(0, MAX_SIMILAR)]);
  const dismissals = await store.dismissals(suppliers);
  const proposals = [...suppliers.values()]
    .filter(({ number }) => number !== supplier.number)
    .flatMap((other) => proposalOf(pairOf(supplier, other), dismissals) ?? [])
    .filter(({ dismissal }) => withDismissed || dismissal === null)
    .sort((a, b) => rankOf(a) - rankOf(b) || a.first.number - b.first.number || a.second.number - b.second.number);
  return {
    proposals: proposals.slice(0, size),
    next: undefined,
    notCompared: Math.max(0, found.length - MAX_SIMILAR) + Math.max(0, proposals.length - size),
  };
}

const rankOf = ({ evidence }: DuplicateProposal): number => (hasCommonIdentifier(evidence) ? 0 : 1);
