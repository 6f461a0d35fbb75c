import type { RetrainResult, RetrainTask } from "./retrain.ts";

/** A retrain as the data folder keeps it. */
export interface RetrainRecord extends RetrainTask {
  /** Number of the retrain, from 1. */
  readonly number: number;
  readonly jobId: string;
  /** Epoch milliseconds. */
  readonly beganMs: number;
  /** Epoch milliseconds. Null: it has not ended. */
  readonly endedMs: number | null;
  /** Null: it has not ended. */
  readonly result: RetrainResult | null;
  /** Whether the audit log has its end. */
  readonly isReported: boolean;
}

/** The last retrains of a model, oldest first. */
export interface RetrainStore {
  /** @throws Error that names the file when its content is not valid */
  read(): Promise<readonly RetrainRecord[]>;
  /** Replaces the list whole. */
  write(records: readonly RetrainRecord[]): Promise<void>;
}

/** Number of retrains that are kept. */
const KEPT = 50;
/** Number of notes that are kept of a retrain, and the length of each in characters. */
const MAX_NOTES = 16;
const MAX_NOTE = 500;

/** Returns the number of the next retrain. */
export const nextNumber = (records: readonly RetrainRecord[]): number => (records.at(-1)?.number ?? 0) + 1;

/** Returns the records after a retrain has begun. One that begins again, after its process was killed, keeps its first begin. */
export function withBegun(
  records: readonly RetrainRecord[],
  begun: Omit<RetrainRecord, "endedMs" | "result" | "isReported">,
): readonly RetrainRecord[] {
  const before = records.find(({ jobId, endedMs }) => jobId === begun.jobId && endedMs === null);
  if (before !== undefined) return records;
  return [...records, { ...begun, endedMs: null, result: null, isReported: false }].slice(-KEPT);
}

/** Returns the records after a retrain has ended. */
export function withEnded(
  records: readonly RetrainRecord[],
  jobId: string,
  result: RetrainResult,
  endedMs: number,
): readonly RetrainRecord[] {
  const notes = result.notes.slice(0, MAX_NOTES).map((note) => [...note].slice(0, MAX_NOTE).join(""));
  return records.map((record) =>
    record.jobId === jobId && record.endedMs === null ? { ...record, endedMs, result: { ...result, notes } } : record,
  );
}

/** Returns the records after the audit log has the end of a retrain. */
export const withReported = (records: readonly RetrainRecord[], number: number): readonly RetrainRecord[] =>
  records.map((record) => (record.number === number ? { ...record, isReported: true } : record));
