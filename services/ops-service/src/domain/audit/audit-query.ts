import type { AuditRecord } from "./audit-chain.ts";

/** Conditions of a query of the audit log; a record must meet all of them. An absent condition selects every record. */
export interface AuditQuery {
  readonly kind?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly recordedBy?: string;
  /** First occurred_at, microseconds since 1970-01-01. */
  readonly fromUs?: bigint;
  /** First occurred_at that is not selected, microseconds since 1970-01-01. */
  readonly toUs?: bigint;
  /** The last record of the previous page. */
  readonly after?: Pick<AuditRecord, "occurredUs" | "sequence">;
  /** Records after this one, in the order of recording. */
  readonly afterSequence?: number;
}
