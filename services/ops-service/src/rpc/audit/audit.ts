import { setImmediate } from "node:timers/promises";
import type { AuditRecordSchema, AuditEvent as ProtoEvent } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import {
  type AuditService,
  type QueryEventsRequest,
  QueryEventsRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { type PageTokens, pageTokenError, pageTokens } from "@bellwether/mesh/call/page-token";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type AuditEvent, type AuditHead, type AuditRecord, checkEvent } from "../../domain/audit/audit-chain.ts";
import type { AuditQuery } from "../../domain/audit/audit-query.ts";
import { verifyChain } from "../../domain/audit/verify-chain.ts";
import { pageOf, rowFromText } from "../page-token.ts";
import { shareRunning } from "../share-running.ts";

export interface AuditDependencies {
  /** Returns the number of appended events. The other events were recorded before. */
  readonly appendEvents: (events: readonly AuditEvent[], recordedUs: bigint) => Promise<number>;
  readonly queryEvents: (query: AuditQuery, limit: number) => Promise<readonly AuditRecord[]>;
  readonly recordsAfter: (sequence: number, limit: number) => Promise<readonly AuditRecord[]>;
  readonly chainHead: () => Promise<AuditHead>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 100;

/** Returns the handlers of AuditService over the audit log of the database. */
export function auditHandlers(deps: AuditDependencies): ServiceImpl<typeof AuditService> {
  // One verification at a time: each reads and hashes the whole log.
  const verifyShared = shareRunning((signal) => verifyChain({ ...deps, yieldToOthers: () => setImmediate() }, signal));
  return {
    async appendEvents(requests) {
      let appended = 0;
      let reported = 0;
      for await (const request of requests) {
        const events = request.events.map(eventFromProto);
        for (const [index, event] of events.entries()) checkEvent(event, index);
        reported += events.length;
        appended += await deps.appendEvents(events, BigInt(deps.now().getTime()) * 1000n);
      }
      return { appended: BigInt(appended), duplicates: BigInt(reported - appended) };
    },
    async queryEvents(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(QueryEventsRequestSchema, request);
      const rows = await deps.queryEvents(queryFromProto(request, tokens), size + 1);
      const page = pageOf(rows, size, tokens, ({ occurredUs, sequence }) => [String(occurredUs), sequence]);
      return { records: page.items.map(recordToProto), nextPageToken: page.nextPageToken };
    },
    async verifyChain(_request, { signal }) {
      const { holds, verified, firstBroken } = await verifyShared(signal);
      return {
        holds,
        records: BigInt(verified.sequence),
        headHash: verified.hash,
        ...(firstBroken !== null && { firstBrokenSequence: BigInt(firstBroken) }),
      };
    },
  };
}

/** The id is converted to lower case, as the database writes it, because ids are compared as texts. */
function eventFromProto({ eventId, kind, actor, subject, occurredAt, payloadJson }: ProtoEvent): AuditEvent {
  const occurredUs = occurredAt ? microseconds(occurredAt) : 0n;
  return { eventId: eventId.toLowerCase(), kind, actor, subject, occurredUs, payload: payloadJson };
}

function recordToProto(record: AuditRecord): MessageInitShape<typeof AuditRecordSchema> {
  const { eventId, kind, actor, subject, payload, payloadHash, previousHash, hash } = record;
  return {
    event: {
      ...{ eventId, kind, actor, subject },
      occurredAt: timestampFromUs(record.occurredUs),
      payloadJson: payload ?? "",
    },
    sequence: BigInt(record.sequence),
    recordedAt: timestampFromUs(record.recordedUs),
    ...{ payloadHash, previousHash, hash },
  };
}

function queryFromProto(request: QueryEventsRequest, tokens: PageTokens): AuditQuery {
  const { kind, subject, actor, occurredFrom, occurredBefore, pageToken } = request;
  const key = tokens.read(pageToken, 2);
  const after = key && afterFromKey(key);
  return {
    ...(kind !== "" && { kind }),
    ...(subject !== "" && { subject }),
    ...(actor !== "" && { actor }),
    ...(occurredFrom && { fromUs: clamp(microseconds(occurredFrom)) }),
    ...(occurredBefore && { toUs: clamp(microseconds(occurredBefore)) }),
    ...(after && { after }),
  };
}

function afterFromKey([us = "", row = ""]: readonly string[]): AuditQuery["after"] {
  if (!/^-?\d{1,18}$/.test(us)) throw pageTokenError();
  return { occurredUs: BigInt(us), sequence: rowFromText(row, Number.MAX_SAFE_INTEGER) };
}

function microseconds({ seconds, nanos }: Timestamp): bigint {
  return seconds * 1_000_000n + BigInt(Math.floor(nanos / 1000));
}

/** Limits a time to the 64 bits of the database. A time beyond them selects the same records. */
function clamp(us: bigint): bigint {
  const limit = 2n ** 62n;
  return us > limit ? limit : us < -limit ? -limit : us;
}

function timestampFromUs(us: bigint) {
  const micros = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { seconds: (us - micros) / 1_000_000n, nanos: Number(micros) * 1000 };
}
