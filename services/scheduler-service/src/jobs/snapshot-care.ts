import { setTimeout as pause } from "node:timers/promises";
import { createPeerOutage } from "@bellwether/mesh/errors/peer-outage";
import type { Logger } from "@bellwether/telemetry/logger";
import { type KeptSnapshots, type OldSnapshot, type SnapshotEvent, snapshotEvent } from "../domain/old-snapshots.ts";

export interface SnapshotCareOptions {
  /** Reads which snapshots are kept. */
  readonly readKept: (signal: AbortSignal) => Promise<readonly KeptSnapshots[]>;
  readonly find: (kept: KeptSnapshots) => Promise<readonly OldSnapshot[]>;
  readonly remove: (modelName: string, old: readonly OldSnapshot[]) => Promise<void>;
  /** Appends events to the audit log. Appending an event twice stores it once. */
  readonly append: (events: readonly SnapshotEvent[], signal: AbortSignal) => Promise<void>;
  /** Where the snapshots are. */
  readonly place: string;
  readonly everyMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** The first pass is not part of the start. */
const FIRST_MS = 60_000;

/**
 * Removes the snapshots of one pass. The event is stored before the files are removed, so no removal is without an event; a pass that
 * was interrupted between them is repeated with the same event.
 */
export async function removeOldSnapshots(
  options: Omit<SnapshotCareOptions, "everyMs">,
  signal: AbortSignal,
): Promise<void> {
  const { readKept, find, remove, append, place, logger } = options;
  for (const kept of await readKept(signal)) {
    const old = await find(kept);
    if (old.length === 0) continue;
    const event = snapshotEvent(kept, old, place, Date.now());
    await append([event], signal);
    await remove(kept.modelName, old);
    logger.info(event.payload, "old snapshots removed");
  }
}

/** Removes old snapshots at intervals. An error ends the pass; the next one continues. */
export function startSnapshotCare({ everyMs, ...options }: SnapshotCareOptions): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const outage = createPeerOutage({
    logger: options.logger,
    text: "old snapshots were not removed; the next pass tries again",
  });
  const care = async (): Promise<void> => {
    for (let ms = Math.min(FIRST_MS, everyMs); ; ms = everyMs) {
      await pause(ms, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await removeOldSnapshots(options, signal).then(outage.end, (error: unknown) => {
        if (!signal.aborted) outage.report(error);
      });
    }
  };
  const ended = care();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
    },
  };
}
