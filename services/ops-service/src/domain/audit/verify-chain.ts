import type { AuditCheckpoint } from "@bellwether/contract/audit/checkpoint";
import { type AuditHead, EMPTY_CHAIN, type HashedRecord } from "@bellwether/contract/audit/record-hash";
import {
  type BrokenRecord,
  createRecordVerifier,
  type VerifiedRecords,
} from "@bellwether/contract/audit/verify-records";

/** The end of the log, as it is stored. */
export interface LogEnd {
  /** Null: the head was removed. */
  readonly head: AuditHead | null;
  /** Sequence of a row that is not in the chain: below 1 or beyond the head. Null: there is none. */
  readonly outside: number | null;
}

/** Dependencies of a verification. */
export interface ChainReader {
  readonly readEnd: () => Promise<LogEnd>;
  /** Returns the rows from a sequence on, in order, at most `limit`. */
  readonly rowsFrom: (sequence: number, limit: number) => Promise<readonly HashedRecord[]>;
  /** Lets the process serve other calls before the next batch of records. */
  readonly yieldToOthers: () => Promise<void>;
}

/** What a verification is compared with. */
export interface VerifyOptions {
  /** Where the verification begins: this record must have this hash. Default: the first record. */
  readonly from?: AuditHead;
  /** Checkpoints with verified signatures. */
  readonly checkpoints?: readonly AuditCheckpoint[];
}

/** The result of a verification. */
export interface ChainVerification extends Omit<VerifiedRecords, "head"> {
  readonly holds: boolean;
  /** The record after which the verification began. */
  readonly from: AuditHead;
  /** The last record that was verified as correct. */
  readonly verified: AuditHead;
  /** The first record that is changed or missing. Null: the chain holds. */
  readonly broken: BrokenRecord | null;
}

/**
 * Number of records that are read and verified between two turns of the event loop. It limits the memory, and the
 * time for which other calls wait: 500 records take some 5 ms.
 */
const VERIFY_ROWS = 500;

/**
 * Computes the hashes of the audit log again. Records that are appended meanwhile are not verified.
 * @throws the reason of `signal`
 */
export async function verifyChain(
  reader: ChainReader,
  signal: AbortSignal,
  { from = EMPTY_CHAIN, checkpoints = [] }: VerifyOptions = {},
): Promise<ChainVerification> {
  const { head, outside } = await reader.readEnd();
  const verifier = createRecordVerifier(from, checkpoints);
  const result = (broken: BrokenRecord | null): ChainVerification => {
    const { head: verified, ...counts } = verifier.verified;
    return { holds: broken === null, from, verified, broken, ...counts };
  };
  const at = (sequence: number, reason: string) => result({ sequence, eventId: null, reason });
  if (head === null) return at(1, "the log has no head: the row that names its last record was removed");
  if (from.sequence > head.sequence)
    return at(
      head.sequence + 1,
      `the log ends with record ${head.sequence}, but record ${from.sequence} was verified before: the end was cut off`,
    );
  const changed = await changedStart(reader, from);
  if (changed) return result(changed);
  for (let next = from.sequence + 1; next <= head.sequence; next = verifier.verified.head.sequence + 1) {
    signal.throwIfAborted();
    const rows = await reader.rowsFrom(next, VERIFY_ROWS);
    if (rows.length === 0) return at(next, "the record is missing");
    for (const row of rows) {
      const broken = verifier.add(row);
      if (broken) return result(broken);
      if (row.sequence === head.sequence) break;
    }
    await reader.yieldToOthers();
  }
  const { head: verified } = verifier.verified;
  if (verified.hash !== head.hash)
    return at(verified.sequence, "its hash is not the one that the head of the log names");
  const cut = verifier.end();
  if (cut) return result(cut);
  return outside === null
    ? result(null)
    : at(outside, "a row was inserted outside the chain; it is not shown as an event");
}

/** Returns what is wrong with the record after which a verification begins. */
async function changedStart(reader: ChainReader, { sequence, hash }: AuditHead): Promise<BrokenRecord | null> {
  if (sequence === 0) return null;
  const [row] = await reader.rowsFrom(sequence, 1);
  if (row?.sequence !== sequence) return { sequence, eventId: null, reason: "the record is missing" };
  if (row.hash === hash) return null;
  const { eventId } = row;
  return { sequence, eventId, reason: "its hash is not the one with which it was verified before: it was rewritten" };
}
