import { setTimeout as pause } from "node:timers/promises";
import { createPeerOutage } from "@bellwether/mesh/errors/peer-outage";
import type { Logger } from "@bellwether/telemetry/logger";
import type { DueErasure, ErasedFiles } from "../domain/erasure.ts";

export interface ErasureCareOptions {
  /** Lists the erasures that are due here, oldest first. */
  readonly listDue: (signal: AbortSignal) => Promise<readonly DueErasure[]>;
  /** Erases the texts about a supplier in all files. It can be repeated. */
  readonly erase: (supplierId: string, signal: AbortSignal) => Promise<ErasedFiles>;
  readonly report: (due: DueErasure, erased: ErasedFiles, signal: AbortSignal) => Promise<void>;
  readonly everyMs: number;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/**
 * Erases suppliers in the files of weeks, one after the other, as ops-service asks. What was erased is reported after it is done: a pass that
 * was interrupted is repeated and finds the rest.
 */
export async function eraseDue(options: Omit<ErasureCareOptions, "everyMs">, signal: AbortSignal): Promise<void> {
  const { listDue, erase, report, logger } = options;
  for (const due of await listDue(signal)) {
    const erased = await erase(due.supplierId, signal);
    await report(due, erased, signal);
    // The id of the supplier is not in the log: it may be a reason for the erasure.
    logger.info({ erasureId: due.erasureId, ...erased }, "texts about a supplier were erased in files of weeks");
  }
}

/** Does so at intervals. An error ends the pass; the next one continues. */
export function startErasureCare({ everyMs, ...options }: ErasureCareOptions): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const outage = createPeerOutage({
    logger: options.logger,
    text: "texts were not erased in files of weeks; the next pass tries again",
  });
  const care = async (): Promise<void> => {
    for (;;) {
      await pause(everyMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await eraseDue(options, signal).then(outage.end, (error: unknown) => {
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
