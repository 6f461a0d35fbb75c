/** What was erased in files of weeks, and which weeks wait for the end of their run. */
export interface FileErasure {
  readonly snapshots: number;
  readonly reports: number;
  readonly copies: number;
  readonly waiting: readonly string[];
}

/** What a place with files of weeks has reported, added up. */
export interface ErasurePlace extends FileErasure {
  readonly place: string;
  readonly reportedAt: Date;
}

/** An erasure of the texts about a supplier, with what is done. */
export interface Erasure {
  readonly id: number;
  readonly supplierId: string;
  readonly actor: string;
  readonly erasedAt: Date;
  readonly eventsUntil: number;
  readonly eventsSearched: number;
  readonly batchPayloads: number;
  readonly places: readonly ErasurePlace[];
}

/** Whether a report has something for the audit log: something was erased, or the place is done for the first time. */
export function isRecorded(report: FileErasure, earlier: Pick<FileErasure, "waiting"> | null): boolean {
  const erased = report.snapshots + report.reports + report.copies;
  const isDone = report.waiting.length === 0;
  return erased > 0 || (isDone && (earlier === null || earlier.waiting.length > 0));
}

/** Returns an audit event about an erasure. @param details ids and counts */
export function erasureEvent(
  kind: "batches_erased" | "files_erased",
  supplierId: string,
  details: Readonly<Record<string, unknown>>,
) {
  return { kind: `subject.${kind}`, actor: "ops-service", subject: supplierId, payload: JSON.stringify(details) };
}
