import { setTimeout as pause } from "node:timers/promises";
import type { AliasFile } from "@bellwether/registry/aliases/alias-file";
import type { Logger } from "@bellwether/telemetry/logger";
import { type AliasEvent, aliasEvents } from "../domain/alias-event.ts";

export interface AliasAuditOptions {
  readonly listModels: () => Promise<readonly string[]>;
  readonly readAliases: (model: string) => Promise<AliasFile>;
  /** Appends at most 500 events to the trail, each once. */
  readonly append: (events: readonly AliasEvent[], signal: AbortSignal) => Promise<void>;
  /** How often the registry is looked at, milliseconds. */
  readonly everyMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** Tells the audit trail of every move of an alias. */
export interface AliasAudit extends AsyncDisposable {
  /** Looks at the registry now. */
  nudge(): void;
}

const APPEND_EVENTS = 500;
const LAST_RETRY_MS = 10_000;

/**
 * Follows the registry: the alias files remember every move, so none is lost when the trail or this process is away, and what the command
 * line moved is told too. A move is made whether the trail answers or not.
 */
export function startAliasAudit({ listModels, readAliases, append, everyMs, logger }: AliasAuditOptions): AliasAudit {
  const stopping = new AbortController();
  let resting = new AbortController();
  /** Ids of the moves that each model's file has and the trail was told of. */
  const reported = new Map<string, ReadonlySet<string>>();

  const report = async (model: string): Promise<void> => {
    const events = aliasEvents(model, (await readAliases(model)).moves);
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
    let failures = 0;
    while (!stopping.signal.aborted) {
      resting = new AbortController();
      try {
        await lookAtAll();
        if (failures > 0) logger.info("all moves of aliases are in the audit trail");
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (failures++ === 0) logger.warn({ err: error }, "moves of aliases wait for the audit trail");
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
