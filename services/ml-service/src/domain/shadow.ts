import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { ComparedAnswer, RowTimes } from "@bellwether/scoring/comparison/compared-row";

/** A row that the champion has answered, and that the challenger is to score. */
export interface ShadowRow {
  readonly supplierId: string;
  /** When the champion answered, epoch milliseconds. */
  readonly atMs: number;
  readonly input: SupplierInput;
  readonly champion: ComparedAnswer;
}

/** What the challenger made of one row. */
export type ShadowOutcome =
  | { readonly kind: "scored"; readonly answer: ComparedAnswer; readonly times: RowTimes | null }
  /** The challenger would reject the call: `reason` as in google.rpc.ErrorInfo. */
  | { readonly kind: "rejected"; readonly reason: string; readonly field: string }
  | { readonly kind: "failed"; readonly message: string };

/** Why a chosen row was not compared. */
export type ShadowDropReason =
  /** The queue had its largest number of rows, or of bytes. */
  | "queue_full"
  /** The row waited longer than the limit. */
  | "too_old"
  /** Rows of a batch that were not looked at, because the queue was full or another batch waited: chosen or not. */
  | "batch_not_read"
  /** The champion or the challenger changed while it waited. */
  | "versions_changed"
  /** The thread ended, or did not answer in time. */
  | "thread_ended"
  | "thread_silent";

/** What the shadow does. */
export type ShadowState =
  /** The share is 0. */
  | "off"
  | "no_champion"
  | "no_challenger"
  /** Champion and challenger are the same version. */
  | "same_version"
  | "loading"
  | "running"
  /** The challenger cannot be loaded. */
  | "rejected"
  /** The registry, or a version in it, cannot be read; it is tried again. */
  | "unreadable"
  /** The thread ended, or was silent, too often; it is tried again when a version changes. */
  | "stopped";

/** A version with the digest of its model. */
export interface ComparedVersion {
  readonly version: string;
  readonly modelDigest: string;
}
