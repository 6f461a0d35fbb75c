import type { Criticality } from "@bellwether/config/risk-policy";
import { isInScope, type SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import {
  type Exposure,
  identityOf,
  MAX_IDENTIFIERS,
  type MasterDataChange,
  type MasterDataViolation,
  violation,
} from "./master-data.ts";
import { identifierKey } from "./search-key.ts";
import type { Identifier, SharedField } from "./supplier.ts";

/** What happens with a supplier whose master data already has another value. */
export type OnConflict = "stop" | "skip" | "update";

/** A stored supplier, as an import compares it. */
export interface KnownSupplier {
  readonly supplierId: string;
  readonly name: string;
  readonly region: string;
  readonly category: string;
  readonly exposure: Exposure | null;
  readonly criticality: Criticality | null;
  readonly owner: string;
  readonly identifiers: readonly Identifier[];
  /** The fields that master data has set. */
  readonly masterFields: readonly SharedField[];
  /** Number of the survivor of its merge: its own number if the supplier is not merged. Null: a new supplier. */
  readonly survivor: number | null;
  readonly isMerged: boolean;
}

/** A supplier that has an identifier. */
export interface IdentifierOwner {
  readonly supplierId: string;
  /** Number of the survivor of its merge, or its own number. */
  readonly survivor: number;
}

/** What an import stores, and its report. */
export interface ImportPlan {
  /** The changes to write. */
  readonly writes: readonly MasterDataChange[];
  /** What each row creates or changes, also when a conflict stops the import. */
  readonly outcomes: readonly RowOutcome[];
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  /** Number of created, updated and unchanged suppliers that are merged into another one. */
  readonly mergedRows: number;
  readonly violations: readonly MasterDataViolation[];
  /** Whether a conflict stops the import: then nothing is to be written. */
  readonly isStopped: boolean;
}

/** What a row creates or changes. */
export interface RowOutcome {
  /** Index of the row in the request. */
  readonly row: number;
  readonly isCreated: boolean;
  /** The fields that get another value. */
  readonly fields: readonly string[];
}

/** What is stored before an import. */
export interface KnownSuppliers {
  readonly suppliers: ReadonlyMap<string, KnownSupplier>;
  /** Owners of each identifier that the import gives to a supplier, by `identityOf`. */
  readonly owners: ReadonlyMap<string, readonly IdentifierOwner[]>;
}

/** Decides what valid rows of master data change. */
export function planImport(
  changes: readonly MasterDataChange[],
  { suppliers, owners }: KnownSuppliers,
  { onConflict, scope }: { readonly onConflict: OnConflict; readonly scope: SupplierScope | undefined },
): ImportPlan {
  const writes: MasterDataChange[] = [];
  const outcomes: RowOutcome[] = [];
  const violations: MasterDataViolation[] = [];
  const counts = { created: 0, updated: 0, unchanged: 0, skipped: 0, mergedRows: 0 };
  let isStopped = false;
  for (const given of changes) {
    const known = suppliers.get(given.supplierId);
    const change = withSharing(given, known, owners);
    const next = applyChange(known ?? newSupplier(change.supplierId), change);
    // A supplier can neither be taken from other scopes nor given to them.
    const isVisible = isInScope(scope, known ?? next) && isInScope(scope, next);
    const rejected = isVisible ? checkOwners(change, { known, next }, owners, scope) : [outsideScope(change)];
    if (rejected.length > 0) {
      violations.push(...rejected);
      continue;
    }
    const conflicts = known ? conflictsOf(known, change) : [];
    if (conflicts.length > 0 && onConflict !== "update") {
      violations.push(...conflicts);
      counts.skipped++;
      isStopped ||= onConflict === "stop";
      continue;
    }
    if (known?.isMerged) counts.mergedRows++;
    if (known && isSame(known, next)) counts.unchanged++;
    else {
      counts[known ? "updated" : "created"]++;
      writes.push(change);
      const before = known ?? newSupplier(change.supplierId);
      outcomes.push({ row: change.row, isCreated: known === undefined, fields: changedFields(before, next) });
    }
  }
  return { writes: isStopped ? [] : writes, outcomes, ...counts, violations, isStopped };
}

/** Returns the names of the fields that differ. */
function changedFields(before: KnownSupplier, after: KnownSupplier): string[] {
  const kinds = new Set([...before.identifiers, ...after.identifiers].map(({ kind }) => kind));
  const identifier = ({ identifiers }: KnownSupplier, kind: string): string => {
    const found = identifiers.find((one) => one.kind === kind);
    return found ? `${found.value}${found.isShared ? " shared" : ""}` : "";
  };
  const texts = (["name", "region", "category", "criticality", "owner"] as const).filter(
    (field) => (before[field] ?? "") !== (after[field] ?? ""),
  );
  return [
    ...texts,
    ...(exposureText(before.exposure) === exposureText(after.exposure) ? [] : ["exposure"]),
    ...[...kinds]
      .filter((kind) => identifier(before, kind) !== identifier(after, kind))
      .map((kind) => `identifiers.${kind}`),
  ];
}

function newSupplier(supplierId: string): KnownSupplier {
  return {
    ...{ supplierId, name: "", region: "", category: "", exposure: null, criticality: null, owner: "" },
    ...{ identifiers: [], masterFields: [], survivor: null, isMerged: false },
  };
}

/** Returns the supplier with the changed fields. A field that master data no longer sets is not known. */
export function applyChange(known: KnownSupplier, change: MasterDataChange): KnownSupplier {
  const { name, region, category, exposure, criticality, owner } = change;
  const given = { name, region, category, exposure };
  const fields = (["name", "region", "category", "exposure"] as const).filter((field) =>
    given[field] === undefined ? known.masterFields.includes(field) : given[field] !== null,
  );
  const wasSet = (field: SharedField): boolean => known.masterFields.includes(field);
  const text = (field: "name" | "region" | "category"): string =>
    given[field] === undefined || (given[field] === null && !wasSet(field)) ? known[field] : (given[field] ?? "");
  return {
    supplierId: known.supplierId,
    name: text("name"),
    region: text("region"),
    category: text("category"),
    exposure: exposure === undefined || (exposure === null && !wasSet("exposure")) ? known.exposure : exposure,
    criticality: criticality ?? known.criticality,
    owner: owner ?? known.owner,
    identifiers: withGiven(known.identifiers, change.identifiers),
    ...{ survivor: known.survivor, isMerged: known.isMerged },
    masterFields: fields,
  };
}

function withGiven(known: readonly Identifier[], given: readonly Identifier[]): Identifier[] {
  const byKind = new Map(known.map((identifier) => [identifier.kind, identifier]));
  for (const identifier of given) {
    if (identifier.value === "") byKind.delete(identifier.kind);
    else byKind.set(identifier.kind, identifier);
  }
  return [...byKind.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

/** The same for a supplier that exists and one that does not, which the caller cannot know. */
function outsideScope({ row, supplierId }: MasterDataChange): MasterDataViolation {
  const text = "is not, or would not be, a supplier of your regions and categories";
  return violation(row, "supplier_id", supplierId, text);
}

/**
 * An identifier that was declared as shared stays shared while the supplier has it. The suppliers of one merge may have the
 * same identifier: it is stored as shared, so that the merge can be undone.
 */
function withSharing(
  change: MasterDataChange,
  known: KnownSupplier | undefined,
  owners: KnownSuppliers["owners"],
): MasterDataChange {
  if (!known) return change;
  const isOfMerge = ({ kind, value }: Identifier): boolean =>
    value !== "" &&
    othersOf(change.supplierId, owners.get(identityOf(kind, value))).some((one) => one.survivor === known.survivor);
  return {
    ...change,
    identifiers: change.identifiers.map((one) => {
      const own = ownOf(known, one);
      return (own ? own.isShared : isOfMerge(one)) ? { ...one, isShared: true } : one;
    }),
  };
}

/** Returns the identifier if the supplier has it already. */
function ownOf(known: KnownSupplier | undefined, { kind, value }: Identifier): Identifier | undefined {
  return known?.identifiers.find((own) => own.kind === kind && identifierKey(own.value) === identifierKey(value));
}

const othersOf = (supplierId: string, owners: readonly IdentifierOwner[] = []): readonly IdentifierOwner[] =>
  owners.filter((one) => one.supplierId !== supplierId);

/** Finds identifiers of another supplier, and too many identifiers. */
function checkOwners(
  { row, supplierId, identifiers }: MasterDataChange,
  { known, next }: { readonly known: KnownSupplier | undefined; readonly next: KnownSupplier },
  owners: KnownSuppliers["owners"],
  scope: SupplierScope | undefined,
): MasterDataViolation[] {
  const taken = identifiers.flatMap((identifier) => {
    const { kind, value, isShared } = identifier;
    if (value === "" || isShared || ownOf(known, identifier)) return [];
    const [owner] = othersOf(supplierId, owners.get(identityOf(kind, value)));
    if (owner === undefined) return [];
    // The other supplier can be outside of the scope.
    const other = scope ? "another supplier" : `supplier ${JSON.stringify(owner.supplierId)}`;
    const reason = `already belongs to ${other}; merge both, or declare it as shared`;
    return [violation(row, `identifiers.${kind}`, value, reason)];
  });
  if (next.identifiers.length <= MAX_IDENTIFIERS) return taken;
  return [...taken, violation(row, "identifiers", next.identifiers.length, `are more than ${MAX_IDENTIFIERS}`)];
}

/** Finds fields that master data has set to another value. */
function conflictsOf(known: KnownSupplier, change: MasterDataChange): MasterDataViolation[] {
  const { row } = change;
  const found: MasterDataViolation[] = [];
  const compare = (field: string, before: string, now: string | undefined): void => {
    if (now !== undefined && before !== "" && now !== before)
      found.push(violation(row, field, now, `master data already has ${JSON.stringify(before)}`));
  };
  for (const field of ["name", "region", "category"] as const)
    if (known.masterFields.includes(field)) compare(field, known[field], change[field] === null ? "" : change[field]);
  if (known.masterFields.includes("exposure"))
    compare(
      "exposure",
      exposureText(known.exposure),
      change.exposure === undefined ? undefined : exposureText(change.exposure),
    );
  compare("criticality", known.criticality ?? "", change.criticality);
  compare("owner", known.owner, change.owner);
  for (const { kind, value } of change.identifiers) {
    const before = known.identifiers.find((one) => one.kind === kind)?.value ?? "";
    if (identifierKey(before) !== identifierKey(value)) compare(`identifiers.${kind}`, before, value);
  }
  return found;
}

const exposureText = (exposure: Exposure | null): string =>
  exposure === null ? "" : `${exposure.amount} ${exposure.currency}`;

function isSame(a: KnownSupplier, b: KnownSupplier): boolean {
  const textOf = ({ exposure, identifiers, masterFields, ...rest }: KnownSupplier): string =>
    JSON.stringify([
      ...[rest.name, rest.region, rest.category, rest.criticality, rest.owner, exposureText(exposure)],
      ...[identifiers.map(({ kind, value, isShared = false }) => [kind, value, isShared]), [...masterFields].sort()],
    ]);
  return textOf(a) === textOf(b);
}
