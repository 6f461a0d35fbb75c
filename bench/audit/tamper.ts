import { checkpointText } from "@bellwether/contract/audit/checkpoint";
import {
  EMPTY_CHAIN,
  type HashedRecord,
  newSalt,
  payloadHashOf,
  recordHash,
} from "@bellwether/contract/audit/record-hash";
import type { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import type { Client } from "@connectrpc/connect";
import { insertRecords } from "./insert-records.ts";

const RECORDS = 400;
const SEED = 20_261_129;

export interface TamperOptions {
  readonly databaseUrl: string;
  readonly audit: Client<typeof AuditService>;
  readonly edits: number;
  readonly append: (audit: Client<typeof AuditService>, events: number) => Promise<void>;
  readonly log: (line: string) => void;
}

/** A log that a superuser has changed, and where. */
interface Tampered {
  readonly name: string;
  readonly records: readonly HashedRecord[];
  /** Where the first difference is. */
  readonly at: number;
  /** Whether all hashes were computed again, so that only a checkpoint shows the change. */
  readonly isWhole: boolean;
}

/** Changes a log again and again as a superuser who knows the form of the hashes, and counts the changes that are found. */
export async function tamperAgainAndAgain({ databaseUrl, audit, edits, append, log }: TamperOptions) {
  await append(audit, RECORDS);
  await audit.verifyChain({ incremental: true });
  const { checkpoints } = await audit.listCheckpoints({});
  const kept = checkpoints.map(({ sequence, ...rest }) => ({ sequence: Number(sequence), ...rest }));
  const last = kept[0];
  if (!last) throw new Error("no checkpoint was signed");
  const pool = await openPostgres(databaseUrl, { max: 1 });
  const missed: string[] = [];
  let [found, named] = [0, 0];
  try {
    await pool.query("set session_replication_role = replica");
    const records = await readRecords(pool);
    const random = randomNumbers(SEED);
    for (let edit = 0; edit < edits; edit++) {
      const tampered = tamper(records.slice(0, last.sequence), random);
      await writeRecords(pool, [...tampered.records, ...(tampered.isWhole ? [] : records.slice(last.sequence))]);
      const result = await audit.verifyChain({ checkpoints: [checkpointText(last)] });
      const at = Number(result.firstBrokenSequence ?? -1);
      if (!result.holds) found++;
      else missed.push(`${tampered.name} at ${tampered.at}`);
      // With all hashes computed again, the first record that differs from a checkpoint is named.
      if (!result.holds && (tampered.isWhole ? at >= tampered.at && at <= last.sequence : at === tampered.at)) named++;
      else if (!result.holds) missed.push(`${tampered.name} at ${tampered.at}: ${at} was named`);
      if (edit % 100 === 99) log(`${edit + 1} edits, ${found} found`);
    }
  } finally {
    await pool.close();
  }
  return { found, named, missed };
}

function tamper(records: readonly HashedRecord[], random: (below: number) => number): Tampered {
  const i = 1 + random(records.length - 2);
  const record = records[i] as HashedRecord;
  const kind = random(6);
  const isWhole = random(2) === 1;
  const at = record.sequence;
  const done = (name: string, changed: readonly HashedRecord[], first = at): Tampered => {
    const whole = isWhole ? chained(changed) : changed;
    return { name: `${name}${isWhole ? ", all hashes computed again" : ""}`, records: whole, at: first, isWhole };
  };
  switch (kind) {
    case 0:
      return done("a field was changed", records.with(i, editField(record, random)));
    case 1:
      return done("a payload was changed", records.with(i, { ...record, payload: '{"risk_score":0.1}' }));
    case 2:
      return done("a record was deleted", records.toSpliced(i, 1));
    case 3: {
      const other = records[i + 1] as HashedRecord;
      const swapped = records
        .with(i, { ...other, sequence: record.sequence })
        .with(i + 1, { ...record, sequence: other.sequence });
      return done("two records were put into another order", swapped);
    }
    case 4: {
      const inserted = { ...record, eventId: "00000000-0000-4000-8000-000000000000", sequence: at };
      const after = records.slice(i).map((one) => ({ ...one, sequence: one.sequence + 1 }));
      return done("a record was inserted", [...records.slice(0, i), inserted, ...after]);
    }
    default:
      // A cut log whose head fits is whole.
      return { name: "the end was cut off", records: records.slice(0, i), at, isWhole: true };
  }
}

function editField(record: HashedRecord, random: (below: number) => number): HashedRecord {
  const edits: readonly Partial<HashedRecord>[] = [
    ...[{ kind: "prediction.edited" }, { actor: "nobody" }, { subject: "S_other" }, { recordedBy: "other" }],
    ...[{ occurredUs: String(BigInt(record.occurredUs) + 1n) }, { recordedUs: String(BigInt(record.recordedUs) + 1n) }],
    ...[{ hash: "f".repeat(64) }, { payloadHash: "f".repeat(64) }, { previousHash: "f".repeat(64) }],
    ...[{ salt: newSalt() }, { eventId: "00000000-0000-4000-8000-000000000001" }, { hashVersion: 1 }],
  ];
  return { ...record, ...edits[random(edits.length)] };
}

/** Computes sequences and hashes again, as somebody does who knows how. */
function chained(records: readonly HashedRecord[]): HashedRecord[] {
  let previousHash = EMPTY_CHAIN.hash;
  return records.map((record, i) => {
    const salt = newSalt();
    const content = { ...record, hashVersion: 2, sequence: i + 1, previousHash, salt };
    const unhashed = { ...content, payloadHash: payloadHashOf(record.payload ?? "", salt) };
    const one = { ...unhashed, hash: recordHash(unhashed) };
    previousHash = one.hash;
    return one;
  });
}

async function readRecords(pool: PostgresPool): Promise<HashedRecord[]> {
  const { rows } = await pool.query(`
    select sequence::float8 as sequence, event_id::text as "eventId", kind, actor, subject, occurred_us::text as "occurredUs",
      recorded_us::text as "recordedUs", payload, payload_hash as "payloadHash", previous_hash as "previousHash", hash,
      hash_version as "hashVersion", recorded_by as "recordedBy", salt
    from bellwether.audit_event order by sequence`);
  return rows;
}

/** Replaces the log. The head is the last record. */
async function writeRecords(pool: PostgresPool, records: readonly HashedRecord[]): Promise<void> {
  await pool.query("begin");
  await pool.query("truncate bellwether.audit_event");
  await insertRecords(pool, records);
  // A superuser removes the checkpoints of the table, too.
  await pool.query("truncate bellwether.audit_checkpoint");
  await pool.query("commit");
}

/** Returns a generator of whole numbers below a limit (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}
