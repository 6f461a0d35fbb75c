import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ReplayPolicy } from "@bellwether/config/risk-policy";
import { type AuditCheckpoint, checkpointText } from "@bellwether/contract/audit/checkpoint";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import type { Policy } from "@bellwether/mesh/call/policy";
import { type Route, route } from "@bellwether/mesh/call/route";
import { auditCallsPolicy } from "@bellwether/mesh/policies/audit-calls";
import { createAuditQueue } from "@bellwether/mesh/policies/audit-queue";
import type { Logger } from "@bellwether/telemetry/logger";
import { createLogCare, type LogCarePorts } from "./domain/audit/log-care.ts";
import { keptEvents } from "./domain/replay/replay-input.ts";
import { type AuditCare, startAuditCare } from "./jobs/audit-care.ts";
import { auditHandlers } from "./rpc/audit/audit.ts";
import type { ReplayHandlers } from "./rpc/audit/replay.ts";
import type { AuditConfig } from "./setup/audit-env.ts";
import { listCheckpoints, storeCheckpoint, whyRewritable } from "./store/audit/audit-checkpoints.ts";
import { appendEvents } from "./store/audit/audit-events.ts";
import { queryEvents, readEnd, rowsFrom } from "./store/audit/audit-records.ts";
import type { Database } from "./store/database.ts";
import { eraseSubject } from "./store/suppliers/erase-subject.ts";

export interface AuditPorts {
  readonly database: Database;
  readonly logger: Logger;
  readonly now: () => Date;
  /** What is kept of the inputs of scores. */
  readonly replayPolicy: ReplayPolicy;
  /** Called after the texts about a supplier were erased. */
  readonly onErased: () => void;
  /** The RPCs that compute recorded decisions again. */
  readonly replay: ReplayHandlers;
}

/** The audit log of a running service. */
export interface AuditLog extends AsyncDisposable {
  readonly route: Route;
  /** Records calls. Empty: calls are not recorded. */
  readonly policies: readonly Policy[];
  /** Verifies new records and signs a checkpoint. Null: none could be signed. Never throws. */
  sign(): Promise<AuditCheckpoint | null>;
  /** Verifies new records and signs a checkpoint soon. */
  readonly signSoon: AuditCare["signSoon"];
}

const CHECKPOINT_EVENTS = 1_000;
const VERIFY_MS = 60_000;
const WHOLE_MS = 24 * 3_600_000;
/** Time for which a run waits for a checkpoint. */
const SIGN_TIMEOUT_MS = 20_000;
/** Time limit of storing a checkpoint in the object store: the next one replaces it. */
const STORE_TIMEOUT_MS = 30_000;

/** Starts the verification of the log as a job, and returns its RPCs. */
export async function startAudit(config: AuditConfig, ports: AuditPorts): Promise<AuditLog> {
  const { database, logger, now, replayPolicy, replay, onErased } = ports;
  const { signer, store, everyMs = VERIFY_MS, wholeEveryMs = WHOLE_MS } = config;
  const { db, inTransaction, audit } = database;
  const opened = new AsyncDisposableStack();
  const putCheckpoint = store && opened.use(await openCheckpointStore(store)).put;
  const carePorts: LogCarePorts = {
    ...(signer && { signer }),
    ...{ checkpointEvents: config.checkpointEvents ?? CHECKPOINT_EVENTS, now },
    readEnd: () => readEnd(audit.db),
    rowsFrom: (sequence, limit) => rowsFrom(audit.db, sequence, limit),
    yieldToOthers: () => setImmediate(),
    listCheckpoints: (before, limit) => listCheckpoints(db, before, limit),
    storeCheckpoint: (checkpoint) => storeCheckpoint(db, checkpoint),
    async publishCheckpoint(checkpoint) {
      const text = checkpointText(checkpoint);
      logger.info({ checkpoint: text }, "audit checkpoint");
      try {
        await putCheckpoint?.(checkpoint.sequence, text);
      } catch (error) {
        logger.warn({ err: error, sequence: checkpoint.sequence }, "the checkpoint is not in the object store");
      }
    },
  };
  const calls = config.calls ? openCallLog(opened, ports) : [];
  const care = createLogCare(carePorts);
  const rewritable = await whyRewritable(db);
  if (rewritable !== null)
    logger.warn(
      `the audit log can be rewritten by this service: ${rewritable}; set DATABASE_OWNER_URL (docs/audit.md)`,
    );
  const job = opened.use(
    startAuditCare({
      ...{ care, everyMs, wholeEveryMs },
      onBroken(broken) {
        if (broken) logger.error({ ...broken }, "the audit log does not verify");
        else logger.info("the audit log verifies");
      },
      onError: (error) => logger.warn({ err: error }, "the audit log could not be verified"),
    }),
  );
  return {
    route: route(AuditService, {
      ...replay,
      ...auditHandlers({
        ...{ now, care, signer, kinds: config.kinds ?? new Map() },
        appendEvents: (events, us, recordedBy) =>
          inTransaction((tx) => appendEvents(tx.db, keptEvents(events, replayPolicy), us, recordedBy)),
        queryEvents: (query, limit) => queryEvents(db, query, limit),
        listCheckpoints: carePorts.listCheckpoints,
        async eraseSubject(erasure) {
          const erased = await database.runs.inTransaction((tx) => eraseSubject(tx, { ...erasure, newId: randomUUID }));
          onErased();
          return erased;
        },
        whyRewritable: () => whyRewritable(db),
      }),
    }),
    policies: calls,
    async sign() {
      if (!signer) return null;
      try {
        const { holds } = await care.check(AbortSignal.timeout(SIGN_TIMEOUT_MS), { sign: true });
        return holds ? care.newest : null;
      } catch (error) {
        logger.warn({ err: error }, "no checkpoint of the audit log was signed");
        return null;
      }
    },
    signSoon: job.signSoon,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Records calls in batches, so that no call waits for the log. */
function openCallLog(opened: AsyncDisposableStack, { database, logger, now }: AuditPorts): Policy[] {
  const queue = opened.use(
    createAuditQueue({
      async append(events) {
        const us = BigInt(now().getTime()) * 1000n;
        const whole = events.map(({ payloadJson: payload, occurredAtMs, ...event }) => {
          return { ...event, payload, occurredUs: BigInt(occurredAtMs) * 1000n };
        });
        await database.inTransaction((tx) => appendEvents(tx.db, whole, us));
      },
      logger,
    }),
  );
  return [opened.use(auditCallsPolicy({ record: queue.record, now: () => now().getTime() }))];
}

/** The client of the store is loaded only when there is one. */
async function openCheckpointStore({ url, azure }: NonNullable<AuditConfig["store"]>) {
  const { openObjectStore } = await import("@bellwether/object-store/open-store");
  const store = await openObjectStore(url, { azure });
  return {
    async put(sequence: number, text: string): Promise<void> {
      const key = `audit-checkpoints/${String(sequence).padStart(20, "0")}.json`;
      const signal = AbortSignal.timeout(STORE_TIMEOUT_MS);
      await store.put(key, Buffer.from(`${text}\n`), { signal, contentType: "application/json" });
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
