import { setTimeout as delay } from "node:timers/promises";
import {
  EXPORT_STREAMS,
  type ExportBacklog,
  type ExportPass,
  type ExportStream,
} from "../domain/exports/event-export.ts";

export interface EventExportOptions {
  readonly pass: ExportPass;
  readonly readBacklog: (stream: ExportStream) => Promise<ExportBacklog>;
  /** Time between two passes that find nothing, ms. */
  readonly everyMs: number;
  /** Called after each pass. @param error null: it succeeded */
  readonly onPass: (status: { readonly backlog: ExportBacklog; readonly error: unknown }) => void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** Exports each log again and again. A log that fails does not hold up the other one. */
export function startEventExport({ pass, readBacklog, everyMs, onPass }: EventExportOptions): AsyncDisposable {
  const stopped = new AbortController();
  const { signal } = stopped;
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  const care = async (stream: ExportStream): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      let hasMore = false;
      let failed: unknown = null;
      try {
        hasMore = await pass(stream, signal);
        failures = 0;
      } catch (error) {
        failures++;
        failed = error;
      }
      if (signal.aborted) return;
      // Without the database there are no figures; its state is shown elsewhere.
      await readBacklog(stream).then(
        (backlog) => onPass({ backlog, error: failed }),
        () => {},
      );
      if (hasMore) continue;
      await wait(failures === 0 ? everyMs : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 5)));
    }
  };
  const ended = Promise.all(EXPORT_STREAMS.map(care));
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await ended;
    },
  };
}
