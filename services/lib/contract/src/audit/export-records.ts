import { type AuditCheckpoint, checkpointJson, parseCheckpoint } from "./checkpoint.ts";
import { timeFromUs, usFromTime } from "./micro-time.ts";
import { type AuditHead, EMPTY_CHAIN, type HashedRecord } from "./record-hash.ts";
import { type BrokenRecord, createRecordVerifier, type VerifiedRecords } from "./verify-records.ts";

/** Columns of an export, in their order. JSONL has them as members; the last row has only `kind` and `payload`. */
export const EXPORT_COLUMNS = [
  ...["sequence", "event_id", "kind", "actor", "subject", "occurred_at", "recorded_at", "recorded_by"],
  ...["payload", "hash_version", "salt", "payload_hash", "previous_hash", "hash"],
] as const;

/** Kind of the last row, which shows that nothing was cut off. */
const END_KIND = "export.end";

/** What the last row of an export says. */
export interface ExportEnd {
  readonly records: number;
  /** The last record. Sequence 0: none. */
  readonly head: AuditHead;
  /** The newest checkpoint of the log. Null: none was signed. */
  readonly checkpoint: AuditCheckpoint | null;
}

/** A row of an export is not one, or the file was cut. */
export class ExportFormError extends Error {
  override readonly name = "ExportFormError" as const;
}

/** Returns a record as a row. */
export function rowFromRecord(record: HashedRecord): Readonly<Record<string, string | number | null>> {
  return {
    ...{ sequence: record.sequence, event_id: record.eventId, kind: record.kind, actor: record.actor },
    ...{ subject: record.subject, occurred_at: timeFromUs(BigInt(record.occurredUs)) },
    ...{ recorded_at: timeFromUs(BigInt(record.recordedUs)), recorded_by: record.recordedBy, payload: record.payload },
    ...{ hash_version: record.hashVersion, salt: record.salt, payload_hash: record.payloadHash },
    ...{ previous_hash: record.previousHash, hash: record.hash },
  };
}

/** Returns the last row. */
export function rowFromEnd({ records, head, checkpoint }: ExportEnd): Readonly<Record<string, string>> {
  const end = { records, last_sequence: head.sequence, last_hash: head.hash };
  return {
    kind: END_KIND,
    payload: JSON.stringify({ ...end, checkpoint: checkpoint && checkpointJson(checkpoint) }),
  };
}

/**
 * Reads a row: a record, or the end. Numbers may be texts, as in CSV.
 * @param at number of the row, from 1, for messages
 * @throws ExportFormError
 */
export function readExportRow(row: unknown, at: number): HashedRecord | ExportEnd {
  if (typeof row !== "object" || row === null) throw new ExportFormError(`row ${at} is not a record`);
  const fields = new Map<string, unknown>(Object.entries(row));
  const wrong = (name: string): ExportFormError =>
    new ExportFormError(`row ${at} is not a record of an export: ${name} is missing or has another form`);
  const text = (name: string): string => {
    const value = fields.get(name);
    if (typeof value !== "string") throw wrong(name);
    return value;
  };
  const orNull = (name: string): string | null => (fields.get(name) == null ? null : text(name));
  const whole = (name: string): number => {
    const value = fields.get(name);
    const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) throw wrong(name);
    return number;
  };
  const time = (name: string): bigint => {
    const us = usFromTime(text(name));
    if (us === null) throw wrong(name);
    return us;
  };
  if (fields.get("kind") === END_KIND && fields.get("sequence") == null) return endFromText(text("payload"), at);
  return {
    ...{ sequence: whole("sequence"), eventId: text("event_id"), kind: text("kind"), actor: text("actor") },
    ...{ subject: text("subject"), occurredUs: time("occurred_at"), recordedUs: time("recorded_at") },
    ...{ recordedBy: orNull("recorded_by"), payload: orNull("payload"), hashVersion: whole("hash_version") },
    ...{ salt: orNull("salt"), payloadHash: text("payload_hash"), previousHash: text("previous_hash") },
    hash: text("hash"),
  };
}

export const isExportEnd = (row: HashedRecord | ExportEnd): row is ExportEnd => "head" in row;

function endFromText(payload: string, at: number): ExportEnd {
  let end: { readonly [name: string]: unknown };
  try {
    end = JSON.parse(payload);
  } catch {
    throw new ExportFormError(`row ${at}, the end of the export, is damaged`);
  }
  const { records, last_sequence: sequence, last_hash: hash, checkpoint } = end;
  if (typeof records !== "number" || typeof sequence !== "number" || typeof hash !== "string")
    throw new ExportFormError(`row ${at}, the end of the export, is damaged`);
  return {
    ...{ records, head: { sequence, hash } },
    checkpoint: checkpoint == null ? null : parseCheckpoint(JSON.stringify(checkpoint), "the checkpoint of the export"),
  };
}

/** The result of the verification of an export. */
export interface VerifiedExport extends VerifiedRecords {
  /** The first record that is wrong. Null: all are correct. */
  readonly broken: BrokenRecord | null;
  /** The checkpoint of the export itself, when it was compared. Null: there is none, or its record is not among the last ones. */
  readonly ownCheckpoint: AuditCheckpoint | null;
}

/**
 * Verifies an export row by row: hashes, links, payloads, its end, and checkpoints with verified signatures.
 * @param accept verifies the signature of the export's own checkpoint, which is then compared too; throws when it is forged
 * @throws ExportFormError for a file that was cut, or that is not an export
 */
export async function verifyExport(
  rows: AsyncIterable<unknown>,
  checkpoints: readonly AuditCheckpoint[],
  accept: (checkpoint: AuditCheckpoint) => void,
): Promise<VerifiedExport> {
  const verifier = createRecordVerifier(EMPTY_CHAIN, checkpoints);
  /** The last hashes by sequence, for the checkpoint that the end of the export has. */
  const recent = new Map<number, string>();
  let at = 0;
  let end: ExportEnd | undefined;
  let ownCheckpoint: AuditCheckpoint | null = null;
  const result = (broken: BrokenRecord | null): VerifiedExport => ({ ...verifier.verified, broken, ownCheckpoint });
  for await (const row of rows) {
    if (end) throw new ExportFormError(`row ${at} is the end of the export, but more rows follow it`);
    const read = readExportRow(row, ++at);
    if (isExportEnd(read)) {
      end = read;
      continue;
    }
    const broken = verifier.add(read);
    if (broken) return result(broken);
    recent.set(read.sequence, read.hash);
    if (recent.size > RECENT) recent.delete(read.sequence - RECENT);
  }
  const { head, records } = verifier.verified;
  if (!end)
    throw new ExportFormError(
      `the file ends after record ${head.sequence} without the last row of an export: it was cut off, or the export was not finished; export it again`,
    );
  if (end.head.sequence !== head.sequence || end.head.hash !== head.hash || end.records !== records)
    throw new ExportFormError(
      `the file has ${records} records up to ${head.sequence}, but its last row says ${end.records} up to ${end.head.sequence}: rows were cut out at its end`,
    );
  const { checkpoint } = end;
  if (checkpoint) {
    accept(checkpoint);
    const hash = recent.get(checkpoint.sequence);
    if (hash !== undefined) ownCheckpoint = checkpoint;
    if (checkpoint.sequence > head.sequence || (hash !== undefined && hash !== checkpoint.hash))
      return result({
        ...{ sequence: Math.min(checkpoint.sequence, head.sequence + 1), eventId: null },
        reason: "its hash is not that of the checkpoint of the export: records were rewritten or cut off",
      });
  }
  return result(verifier.end());
}

/** Records before the end among which the checkpoint of the export is. */
const RECENT = 100_000;
