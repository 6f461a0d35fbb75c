import { type AuditRecord, AuditRecordSchema } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService, type VerifyChainResponseSchema } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { ReplayOutcome, type ReplayPredictionResponseSchema } from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";

/** The audit log of the server. Tests change it. */
export interface AuditData {
  /** Newest first. */
  records: AuditRecord[];
  /** Returns the result of a verification, or throws. */
  replay: (id: string) => MessageInitShape<typeof ReplayPredictionResponseSchema>;
  verify: (isIncremental: boolean) => MessageInitShape<typeof VerifyChainResponseSchema>;
}

const START_MS = Date.UTC(2026, 10, 20, 9, 30);
const EVENTS = [
  ["prediction.served", "scheduler", "S-1000"],
  ["alert.resolved", "Ada <b>Lovelace</b> (ada)", "0190f3c0-0000-7000-8000-000000000001"],
  ["model.alias_set", "Grace (grace)", "supplier-risk/v3"],
  ["run.completed", "scheduler", "run/42"],
] as const;

/** Returns a log of some records of each kind; the details of the oldest record were erased. */
export function demoAudit(count = 120): AuditData {
  const records = Array.from({ length: count }, (_, i) => {
    const sequence = count - i;
    const [kind, actor, subject] = EVENTS[i % EVENTS.length] ?? EVENTS[0];
    const at = timestampFromMs(START_MS - i * 3_600_000);
    return create(AuditRecordSchema, {
      sequence: BigInt(sequence),
      recordedAt: at,
      event: {
        ...{ eventId: `0199c0de-0000-7000-8000-${String(sequence).padStart(12, "0")}`, kind, actor, subject },
        occurredAt: at,
        payloadJson: sequence === 1 ? "" : JSON.stringify({ reason: "<img src=x> late\u202Egnp", score: 0.82 }),
      },
      ...{ recordedBy: "ml-service", hashVersion: 2, payloadErased: sequence === 1 },
      ...{ payloadHash: "a".repeat(64), previousHash: "b".repeat(64), hash: "c".repeat(64) },
    });
  });
  const verify = (isIncremental: boolean) => ({
    ...{ holds: true, records: BigInt(count), headHash: "c".repeat(64), erasedPayloads: 1n, checkpoints: 3 },
    verifiedAfter: isIncremental ? BigInt(count - 20) : 0n,
    newestCheckpoint: { sequence: 100n, createdAt: "2026-11-20T09:00:00Z", keyId: "0123456789abcdef" },
  });
  const replay = () => ({
    comparison: { outcome: ReplayOutcome.EQUAL, decisions: 1n, numbers: 18n },
    ...{ recordedRiskScore: 0.82, replayedRiskScore: 0.82 },
  });
  return { records, replay, verify };
}

/** Returns AuditService over records in memory. */
export function auditInMemory(data: AuditData): Route[] {
  return [
    route(AuditService, {
      queryEvents({ pageSize, pageToken, kind, subject, actor, occurredFrom, occurredBefore, afterSequence }) {
        const isIn = ({ event }: AuditRecord): boolean => {
          if (!event?.occurredAt) return false;
          const atMs = timestampMs(event.occurredAt);
          return (
            (kind === "" || event.kind === kind) &&
            (subject === "" || event.subject === subject) &&
            (actor === "" || event.actor === actor) &&
            (!occurredFrom || atMs >= timestampMs(occurredFrom)) &&
            (!occurredBefore || atMs < timestampMs(occurredBefore))
          );
        };
        const found = data.records.filter(isIn);
        if (afterSequence !== undefined) {
          const later = found.filter(({ sequence }) => sequence > afterSequence).reverse();
          return { records: later.slice(0, pageSize || 100) };
        }
        const from = Number(pageToken);
        const to = from + (pageSize || 100);
        return { records: found.slice(from, to), nextPageToken: to < found.length ? String(to) : "" };
      },
      replayPrediction: ({ id }) => data.replay(id),
      verifyChain: ({ incremental }) => data.verify(incremental),
    }),
  ];
}
