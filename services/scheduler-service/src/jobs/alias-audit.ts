import { setTimeout as pause } from "node:timers/promises";
import { createPeerOutage } from "@bellwether/mesh/errors/peer-outage";
import type { AliasFile } from "@bellwether/registry/aliases/alias-file";
import type { Logger } from "@bellwether/telemetry/logger";
import { type AliasEvent, aliasEvents } from "../domain/alias-event.ts";
import { type GateEvent, gateEvents } from "../domain/gate-event.ts";

export interface AliasAuditOptions {
  readonly listModels: () => Promise<readonly string[]>;
  readonly readAliases: (model: string) => Promise<AliasFile>;
  /** Appends at most 500 events to the audit log. Appending an event twice stores it once. */
  readonly append: (events: readonly (AliasEvent | GateEvent)[], signal: AbortSignal) => Promise<void>;
  /** Interval at which the registry is read, milliseconds. */
  readonly everyMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** Records every move of an alias, every result of the promotion gate and every decision about one in the audit log. */
export interface AliasAudit extends AsyncDisposable {
  /** Reads the registry now. */
  nudge(): void;
}

const APPEND_EVENTS = 500;
const LAST_RETRY_MS = 10_000;

/**
 * Reads the registry at intervals and records new moves of aliases, results of the promotion gate and decisions in the audit log, also
 * those of the command line. The alias files keep them, so none is missed while ops-service or this process is down. A change does not
 * wait for the audit log.
 */
export function startAliasAudit({ listModels, readAliases, append, everyMs, logger }: AliasAuditOptions): AliasAudit {
  const stopping = new AbortController();
  let resting = new AbortController();
  /** Ids of the moves in a model's alias file that were recorded already, by model. */
  const reported = new Map<string, ReadonlySet<string>>();

  const report = async (model: string): Promise<void> => {
    const { moves, gates = [] } = await readAliases(model);
    const events = [...aliasEvents(model, moves), ...gateEvents(model, gates)];
    const known = reported.get(model);
    const fresh = events.filter(({ eventId }) => !known?.has(eventId));
    for (let i = 0; i < fresh.length; i += APPEND_EVENTS)
      await append(fresh.slice(i, i + APPEND_EVENTS), stopping.signal);
    reported.set(model, new Set(events.map(({ eventId }) => eventId)));
  };
  const lookAtAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const model of await listModels()) await report(model).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  const run = async (): Promise<void> => {
    const outage = createPeerOutage({ logger, text: "moves of aliases cannot be sent to the audit log yet" });
    let failures = 0;
    while (!stopping.signal.aborted) {
      resting = new AbortController();
      try {
        await lookAtAll();
        if (outage.end()) logger.info("all moves of aliases are in the audit log");
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures++;
        outage.report(error);
      }
      const ms = Math.min(LAST_RETRY_MS, everyMs * 2 ** Math.min(failures, 10));
      const signal = AbortSignal.any([stopping.signal, resting.signal]);
      await pause(Math.max(everyMs, ms), undefined, { signal, ref: false }).catch(() => {});
    }
  };
  const ended = run();
  return {
    nudge: () => resting.abort(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
    },
  };
}
