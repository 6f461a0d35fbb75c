import { createHash } from "node:crypto";
import type { Identifier } from "../suppliers/supplier.ts";

/** What identifies a supplier, and its merges. */
export interface SupplierIdentity {
  readonly number: number;
  readonly supplierId: string;
  readonly name: string;
  readonly region: string;
  readonly category: string;
  /** Ordered by kind. */
  readonly identifiers: readonly Identifier[];
  /** Id of the survivor. Empty: the supplier is not merged. */
  readonly mergedInto: string;
  /** Number of merges and undos in which the supplier took part. It only grows. */
  readonly mergeChanges: number;
}

/** Length of a digest in hex digits. */
const DIGEST_DIGITS = 32;

/** Returns the digest of the data by which suppliers are compared. A dismissal counts while it is the same. */
export function dataDigest({ name, region, category, identifiers }: SupplierIdentity): string {
  return digestOf([name, region, category, identifiers.map(({ kind, value }) => [kind, value])]);
}

/** Returns the version that a decision about a supplier names: another one after each change of its data or merges. */
export function identityVersion(identity: SupplierIdentity): string {
  return digestOf([identity.supplierId, dataDigest(identity), identity.mergeChanges]);
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, DIGEST_DIGITS);
}
