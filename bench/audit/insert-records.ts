import { randomUUID } from "node:crypto";
import {
  EMPTY_CHAIN,
  HASH_VERSION,
  type HashedRecord,
  newSalt,
  payloadHashOf,
  recordHash,
} from "@bellwether/contract/audit/record-hash";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";

const BATCH = 5_000;
const PAYLOAD = JSON.stringify({
  ...{ rpc: "bellwether.inference.v1.InferenceService/Predict", code: "OK", risk_score: 0.79, band: "high" },
  ...{ input_sha256: "0".repeat(64), model_digest: "a".repeat(64), config_hash: "b".repeat(64) },
});

/** Fills an empty log with events of calls. */
export async function fillLog(pool: PostgresPool, events: number): Promise<void> {
  let previousHash = EMPTY_CHAIN.hash;
  for (let done = 0; done < events; done += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, events - done) }, (_, i): HashedRecord => {
      const salt = newSalt();
      const unhashed = {
        ...{ hashVersion: HASH_VERSION, sequence: done + i + 1, eventId: randomUUID(), kind: "prediction.served" },
        ...{ actor: "erp", subject: `S_${(done + i) % 5_000}`, occurredUs: String(1_767_607_200_000_000 + done + i) },
        ...{ recordedUs: "1767607200000000", recordedBy: "ml-service", payload: PAYLOAD, salt, previousHash },
        payloadHash: payloadHashOf(PAYLOAD, salt),
      };
      const record = { ...unhashed, hash: recordHash(unhashed) };
      previousHash = record.hash;
      return record;
    });
    await insertRecords(pool, records);
  }
}

/** Inserts records that follow the log, and makes the last one its head. */
export async function insertRecords(pool: PostgresPool, records: readonly HashedRecord[]): Promise<void> {
  const rows = records.map((record) => ({
    ...{ sequence: record.sequence, event_id: record.eventId, kind: record.kind, actor: record.actor },
    ...{ subject: record.subject, occurred_us: String(record.occurredUs), recorded_us: String(record.recordedUs) },
    ...{ payload: record.payload, payload_hash: record.payloadHash, previous_hash: record.previousHash },
    ...{ hash: record.hash, hash_version: record.hashVersion, recorded_by: record.recordedBy, salt: record.salt },
  }));
  await pool.query(
    "insert into bellwether.audit_event select * from jsonb_populate_recordset(null::bellwether.audit_event, $1::text::jsonb)",
    [JSON.stringify(rows)],
  );
  const { sequence, hash } = records.at(-1) ?? EMPTY_CHAIN;
  await pool.query("update bellwether.audit_head set sequence = $1, hash = $2", [sequence, hash]);
}
