import type { AuditCheckpoint } from "@bellwether/contract/audit/checkpoint";
import type { HashedRecord } from "@bellwether/contract/audit/record-hash";
import type { AuditRecord, AuditCheckpoint as ProtoCheckpoint } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Returns a record with what is hashed of it. */
export function recordFromProto(record: AuditRecord): HashedRecord {
  const { event, hashVersion, payloadErased, recordedBy, salt } = record;
  const isOld = hashVersion === 1;
  return {
    ...{ sequence: Number(record.sequence), eventId: event?.eventId ?? "", kind: event?.kind ?? "" },
    ...{ actor: event?.actor ?? "", subject: event?.subject ?? "", hashVersion },
    ...{ occurredUs: usOf(event?.occurredAt), recordedUs: usOf(record.recordedAt) },
    recordedBy: isOld ? null : recordedBy,
    payload: payloadErased ? null : (event?.payloadJson ?? ""),
    salt: isOld || salt === "" ? null : salt,
    ...{ payloadHash: record.payloadHash, previousHash: record.previousHash, hash: record.hash },
  };
}

/** Returns a checkpoint of the contract as it is verified. */
export function checkpointFromProto(checkpoint: ProtoCheckpoint): AuditCheckpoint {
  const { sequence, hash, createdAt, keyId, signature } = checkpoint;
  return { sequence: Number(sequence), hash, createdAt, keyId, signature };
}

function usOf(time: Timestamp | undefined): bigint {
  return time ? time.seconds * 1_000_000n + BigInt(Math.floor(time.nanos / 1000)) : 0n;
}
