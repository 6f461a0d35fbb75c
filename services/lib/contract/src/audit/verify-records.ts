import type { AuditCheckpoint } from "./checkpoint.ts";
import { type AuditHead, BROKEN_REASONS, type HashedRecord, whyBroken } from "./record-hash.ts";

/** The first thing that is wrong in a log. */
export interface BrokenRecord {
  readonly sequence: number;
  /** Id of the event. Null: the record is missing. */
  readonly eventId: string | null;
  /** What is wrong, in words. */
  readonly reason: string;
}

/** What was verified so far. */
export interface VerifiedRecords {
  /** The last record that was verified as correct. */
  readonly head: AuditHead;
  /** Number of records that were verified. */
  readonly records: number;
  /** Number of records among them whose payload was erased. */
  readonly erasedPayloads: number;
  /** Number of checkpoints that were compared with their record. */
  readonly checkpoints: number;
}

/** Verifies the records of a log in their order. */
export interface RecordVerifier {
  readonly verified: VerifiedRecords;
  /** Verifies the next record. Returns what is wrong with it; null: nothing. Call it no more after that. */
  add(record: HashedRecord): BrokenRecord | null;
  /** Ends the log. Returns what is wrong with its end. */
  end(): BrokenRecord | null;
}

/**
 * Creates a verifier that begins after `start`.
 * @param checkpoints checkpoints with verified signatures, in any order; those up to `start` are compared by the caller
 */
export function createRecordVerifier(start: AuditHead, checkpoints: readonly AuditCheckpoint[]): RecordVerifier {
  const expected = new Map<number, Set<string>>();
  for (const { sequence, hash } of checkpoints) {
    if (sequence <= start.sequence) continue;
    expected.set(sequence, (expected.get(sequence) ?? new Set()).add(hash));
  }
  const last = Math.max(0, ...expected.keys());
  let [head, records, erasedPayloads, compared] = [start, 0, 0, 0];
  return {
    get verified() {
      return { head, records, erasedPayloads, checkpoints: compared };
    },
    add(record) {
      const { sequence, hash, eventId } = record;
      const reason = whyBroken(record, head);
      if (reason === "missing") return { sequence: head.sequence + 1, eventId: null, reason: BROKEN_REASONS.missing };
      if (reason !== null) return { sequence, eventId, reason: BROKEN_REASONS[reason] };
      const hashes = expected.get(sequence);
      if (hashes !== undefined) {
        if (hashes.size > 1 || !hashes.has(hash))
          return {
            ...{ sequence, eventId },
            reason:
              "its hash is not that of the checkpoint: it, or a record before it, was rewritten with all that follow",
          };
        compared++;
      }
      head = { sequence, hash };
      records++;
      if (record.payload === null) erasedPayloads++;
      return null;
    },
    end() {
      if (last <= head.sequence) return null;
      const reason = `the log ends with record ${head.sequence}, but a checkpoint has record ${last}: the end was cut off`;
      return { sequence: head.sequence + 1, eventId: null, reason };
    },
  };
}
