import type { EventEmitter } from "node:events";
import { once } from "node:events";

export interface StartReportOptions {
  /** Aborts the wait. */
  readonly signal: AbortSignal;
  /** Called with one line every 20 s, as long as the service has not reported. */
  readonly say: (text: string) => void;
}

/** Interval of the lines about a service that is still starting. */
const SAY_MS = 20_000;
/** A first start applies all migrations: on a machine with other work, that takes several times as long as alone. */
const READY_MS = 180_000;

/** A service has reported nothing for `READY_MS`, although its process is alive. */
export class StartTimeoutError extends Error {
  override readonly name = "StartTimeoutError" as const;

  constructor(service: string) {
    super(
      `${service} does not listen after ${READY_MS / 1000} s: run the same command again when the machine has less work ` +
        "(what is done already is not repeated); with BELLWETHER_LOG_LEVEL=info, the log shows what the service does",
    );
  }
}

/**
 * Returns the first message of a child process that starts a service, and says every 20 s that the service is still
 * starting. @throws StartTimeoutError after 180 s; the reason of `signal` when it aborts
 */
export async function startReport(
  service: string,
  child: EventEmitter,
  { signal, say }: StartReportOptions,
): Promise<unknown> {
  let waitedMs = 0;
  const late = new AbortController();
  const timer = setInterval(() => {
    waitedMs += SAY_MS;
    if (waitedMs >= READY_MS) late.abort(new StartTimeoutError(service));
    else say(`${service} is still starting (${waitedMs / 1000} s)`);
  }, SAY_MS);
  try {
    const [message] = await once(child, "message", { signal: AbortSignal.any([signal, late.signal]) });
    return message;
  } catch (error) {
    signal.throwIfAborted();
    late.signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
  }
}
