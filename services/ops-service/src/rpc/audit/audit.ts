import {
  type AuditCheckpoint,
  CheckpointError,
  type CheckpointSigner,
  parseCheckpoint,
  verifyCheckpoint,
} from "@bellwether/contract/audit/checkpoint";
import type { AuditRecordSchema, AuditEvent as ProtoEvent } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import {
  type AuditService,
  ListCheckpointsRequestSchema,
  type QueryEventsRequest,
  QueryEventsRequestSchema,
} from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { type PageTokens, pageTokenError, pageTokens } from "@bellwether/mesh/call/page-token";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type AuditEvent, type AuditRecord, checkEvent } from "../../domain/audit/audit-chain.ts";
import type { AuditQuery } from "../../domain/audit/audit-query.ts";
import { checkKind, type KindsOfCallers } from "../../domain/audit/event-kinds.ts";
import type { LogCare, LogCarePorts } from "../../domain/audit/log-care.ts";
import type { ChainVerification } from "../../domain/audit/verify-chain.ts";
import { describeNotSearched, type NotSearched } from "../../domain/erasures/not-searched.ts";
import { AuditCheckpointError } from "../../domain/ops-error.ts";
import { pageOf, rowFromText } from "../page-token.ts";
import { shareRunning } from "../share-running.ts";
import { typedText } from "../typed-text.ts";
import type { ReplayHandlers } from "./replay.ts";

export interface AuditDependencies {
  /** Returns the number of appended events. The other events were recorded before. */
  readonly appendEvents: (events: readonly AuditEvent[], recordedUs: bigint, recordedBy: string) => Promise<number>;
  readonly queryEvents: (query: AuditQuery, limit: number) => Promise<readonly AuditRecord[]>;
  readonly kinds: KindsOfCallers;
  readonly care: LogCare;
  /** Erases the texts about a supplier, and records it. */
  readonly eraseSubject: (erasure: {
    readonly supplierId: string;
    readonly reason: string;
    readonly actor: string;
    readonly at: Date;
  }) => Promise<{
    readonly payloads: number;
    readonly notes: number;
    readonly hadName: boolean;
    readonly reports: number;
    readonly notices: number;
    readonly outcomeNotes: number;
    readonly overrideReasons: number;
    readonly namedTexts: number;
    readonly mergedSupplierIds: readonly string[];
    readonly notSearched: readonly NotSearched[];
    readonly ruleSets: readonly string[];
  }>;
  /** Undefined: no checkpoints are signed. */
  readonly signer: CheckpointSigner | undefined;
  readonly listCheckpoints: LogCarePorts["listCheckpoints"];
  /** Returns why the database role can change records. Null: it cannot. */
  readonly whyRewritable: () => Promise<string | null>;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 100;
/** What is erased after the call. */
const PENDING = [
  "payloads of batches in the audit log that have the supplier: ops-service searches for them now, and erases each of these payloads as a whole",
  "names and contract texts in snapshots, tables and reports of scheduler-service, and in their copies in an object store (WEEKLY_RESULTS_URL): scheduler-service erases them within some minutes, in a week whose run is not complete later",
];
/** What other systems and services have. */
const NOT_ERASED = [
  "the weekly file has the supplier: correct it, or the next weekly run stores its name again",
  "earlier versions that an object store or a backup keeps of the files of weeks stay there",
  "feature values, the weights of contract terms and scores of weekly runs stay until retention.score_weeks removes them; answers that are kept for repeated requests are removed after 7 days",
  "notices that were sent stay with their receivers, and events in Kafka and in the event archive stay there",
  "reasons of moved aliases and of retrains stay in the files of the model registry and in the jobs of scheduler-service: correct them there if they have the name",
  "texts about something else that mention the supplier in other words than by its name stay",
  "names of people who acted (actor) are part of the hashes of the log, and stay; so do owners of alerts, regions, categories and identifiers of suppliers, and names of API keys",
];

/** What stays because of the texts that were found. */
function notErasedHere({
  notSearched,
  ruleSets,
}: Pick<Awaited<ReturnType<AuditDependencies["eraseSubject"]>>, "notSearched" | "ruleSets">): readonly string[] {
  const rules = ruleSets.map(
    (id) =>
      `the rules of the set ${JSON.stringify(id)} have the name, now or in an earlier version: their hash is recorded with runs, so they were not changed`,
  );
  return [...notSearched.map(describeNotSearched), ...rules];
}

/** Returns the handlers of AuditService over the audit log of the database. */
export function auditHandlers(deps: AuditDependencies): Omit<ServiceImpl<typeof AuditService>, keyof ReplayHandlers> {
  const { care, signer, kinds } = deps;
  // One verification at a time: each reads and hashes the whole log.
  const verifyShared = shareRunning((signal) => care.verifyAll(signal));
  return {
    async appendEvents(requests, context) {
      const recordedBy = callerOf(context).subject;
      let appended = 0;
      let reported = 0;
      for await (const request of requests) {
        const events = request.events.map(eventFromProto);
        for (const [index, event] of events.entries()) {
          checkKind(event.kind, recordedBy, kinds);
          checkEvent(event, index);
        }
        reported += events.length;
        appended += await deps.appendEvents(events, BigInt(deps.now().getTime()) * 1000n, recordedBy);
      }
      return { appended: BigInt(appended), duplicates: BigInt(reported - appended) };
    },
    async queryEvents(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(QueryEventsRequestSchema, request);
      const query = queryFromProto(request, tokens);
      if (query.afterSequence !== undefined) {
        const records = await deps.queryEvents(query, size);
        return { records: records.map(recordToProto), nextPageToken: "" };
      }
      const rows = await deps.queryEvents(query, size + 1);
      const page = pageOf(rows, size, tokens, ({ occurredUs, sequence }) => [String(occurredUs), sequence]);
      return { records: page.items.map(recordToProto), nextPageToken: page.nextPageToken };
    },
    async verifyChain({ checkpoints, incremental }, { signal }) {
      const given = checkpoints.map((text, i) => checkpointFromText(text, i, signer));
      const verify = (): Promise<ChainVerification> => {
        if (given.length > 0) return care.verifyAll(signal, given);
        return incremental ? care.check(signal) : verifyShared(signal);
      };
      const [result, rewritable] = await Promise.all([verify(), deps.whyRewritable()]);
      const { holds, from, verified, broken } = result;
      return {
        holds,
        records: BigInt(verified.sequence),
        headHash: verified.hash,
        ...(broken && {
          firstBrokenSequence: BigInt(Math.max(0, broken.sequence)),
          firstBrokenEventId: broken.eventId ?? "",
          firstBrokenReason: broken.reason,
        }),
        ...{ verifiedAfter: BigInt(from.sequence), erasedPayloads: BigInt(result.erasedPayloads) },
        ...{ checkpoints: result.checkpoints, rewritableReason: rewritable ?? "" },
        ...(care.newest && { newestCheckpoint: checkpointToProto(care.newest) }),
      };
    },
    async eraseSubject({ supplierId, reason }, context) {
      const decision = { reason: typedText(reason), actor: actorOf(callerOf(context)), at: deps.now() };
      const erased = await deps.eraseSubject({ supplierId, ...decision });
      return {
        ...{ payloads: BigInt(erased.payloads), notes: BigInt(erased.notes), name: erased.hadName },
        ...{ reports: BigInt(erased.reports), notices: BigInt(erased.notices) },
        ...{ outcomeNotes: BigInt(erased.outcomeNotes), overrideReasons: BigInt(erased.overrideReasons) },
        ...{ namedTexts: BigInt(erased.namedTexts), mergedSupplierIds: [...erased.mergedSupplierIds] },
        ...{ notErased: [...notErasedHere(erased), ...NOT_ERASED], pending: [...PENDING] },
      };
    },
    async listCheckpoints(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListCheckpointsRequestSchema, request);
      const [before] = tokens.read(request.pageToken, 1) ?? [];
      const rows = await deps.listCheckpoints(
        before === undefined ? undefined : rowFromText(before, Number.MAX_SAFE_INTEGER),
        size + 1,
      );
      const page = pageOf(rows, size, tokens, ({ sequence }) => [sequence]);
      return {
        checkpoints: page.items.map(checkpointToProto),
        ...{ nextPageToken: page.nextPageToken, publicKey: signer?.publicKeyPem ?? "" },
      };
    },
  };
}

const checkpointToProto = ({ sequence, ...rest }: AuditCheckpoint) => ({ sequence: BigInt(sequence), ...rest });

/** @throws AuditCheckpointError */
function checkpointFromText(text: string, i: number, signer: CheckpointSigner | undefined): AuditCheckpoint {
  const field = `checkpoints[${i}]`;
  if (!signer) throw new AuditCheckpointError(field, "this ops-service has no key to verify checkpoints");
  try {
    const checkpoint = parseCheckpoint(text, "the text");
    verifyCheckpoint(checkpoint, [signer]);
    return checkpoint;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new AuditCheckpointError(field, error.message);
  }
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
    ...{ payloadHash, previousHash, hash, hashVersion: record.hashVersion, recordedBy: record.recordedBy ?? "" },
    ...{ salt: record.salt ?? "", payloadErased: payload === null },
  };
}

function queryFromProto(request: QueryEventsRequest, tokens: PageTokens): AuditQuery {
  const { kind, subject, actor, recordedBy, occurredFrom, occurredBefore, pageToken, afterSequence } = request;
  if (afterSequence !== undefined && pageToken !== "") throw pageTokenError();
  const key = tokens.read(pageToken, 2);
  const after = key && afterFromKey(key);
  return {
    ...(kind !== "" && { kind }),
    ...(subject !== "" && { subject }),
    ...(actor !== "" && { actor }),
    ...(recordedBy !== "" && { recordedBy }),
    ...(afterSequence !== undefined && { afterSequence: Number(afterSequence) }),
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
