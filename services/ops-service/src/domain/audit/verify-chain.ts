import { type AuditHead, type AuditRecord, EMPTY_CHAIN, isLinked } from "./audit-chain.ts";

/** Dependencies of a verification. */
export interface ChainReader {
  readonly chainHead: () => Promise<AuditHead>;
  /** Returns the records after a sequence, in order, at most `limit`. */
  readonly recordsAfter: (sequence: number, limit: number) => Promise<readonly AuditRecord[]>;
  /** Lets the process serve other calls before the next batch of records. */
  readonly yieldToOthers: () => Promise<void>;
}

/** The result of a verification. */
export interface ChainVerification {
  readonly holds: boolean;
  /** The last record that was verified as correct. */
  readonly verified: AuditHead;
  /** Sequence of the first record that is changed or missing. Null: the chain holds. */
  readonly firstBroken: number | null;
}

/**
 * Number of records that are read and verified between two turns of the event loop. It limits the memory, and the
 * time for which other calls wait: 500 records take about 10 ms.
 */
const VERIFY_ROWS = 500;

/**
 * Computes every hash of the audit log again, from the first record on. Records that are appended meanwhile are not
 * verified.
 */
export async function verifyChain(reader: ChainReader, signal: AbortSignal): Promise<ChainVerification> {
  const head = await reader.chainHead();
  let verified = EMPTY_CHAIN;
  const broken = (firstBroken: number): ChainVerification => ({ holds: false, verified, firstBroken });
  while (verified.sequence < head.sequence) {
    signal.throwIfAborted();
    const records = await reader.recordsAfter(verified.sequence, VERIFY_ROWS);
    if (records.length === 0) return broken(verified.sequence + 1);
    for (const record of records) {
      if (!isLinked(record, verified)) return broken(verified.sequence + 1);
      verified = record;
      if (record.sequence === head.sequence) break;
    }
    await reader.yieldToOthers();
  }
  return verified.hash === head.hash ? { holds: true, verified, firstBroken: null } : broken(verified.sequence);
}
