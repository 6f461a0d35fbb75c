import { Code, ConnectError } from "@connectrpc/connect";

export interface OutageLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Logs that calls to a peer fail: once per cause, until they succeed again. */
export interface PeerOutage {
  /** Logs a failure unless the last one had the same cause. */
  report(error: unknown): void;
  /** Ends the outage. Returns whether one was logged. */
  end(): boolean;
}

export interface PeerOutageOptions {
  readonly logger: OutageLog;
  /** What fails, as message of the line. */
  readonly text: string;
  /** Whether an error of something else than a peer passes by itself: its line has no stack. Default: none does. */
  readonly mayPass?: (error: unknown) => boolean;
  /** Returns the age of the process, ms. */
  readonly uptimeMs?: () => number;
}

/** The services of a mesh start together, and a first start takes up to a minute. */
const STARTING_MS = 60_000;
const AWAY: ReadonlySet<unknown> = new Set([Code.Unavailable, Code.DeadlineExceeded]);

/**
 * Creates the log of a peer's outages. A peer that does not answer is one line without a stack, at level info
 * while this process, and probably its peer, has just started. Every other error is a warning with its stack.
 */
export function createPeerOutage(options: PeerOutageOptions): PeerOutage {
  const { logger, text, mayPass = () => false, uptimeMs = () => process.uptime() * 1_000 } = options;
  let shown: string | undefined;
  return {
    report(error) {
      const isAway = isPeerAway(error);
      const level = isAway && uptimeMs() < STARTING_MS ? "info" : "warn";
      const message = error instanceof Error ? error.message : String(error);
      const cause = `${level} ${isAway ? "away" : message}`;
      if (cause === shown) return;
      shown = cause;
      logger[level](isAway || mayPass(error) ? { reason: message } : { err: error }, text);
    },
    end() {
      const wasLogged = shown !== undefined;
      shown = undefined;
      return wasLogged;
    },
  };
}

/** Whether an error means that a peer does not answer, also as the error of a service that names the peer. */
function isPeerAway(error: unknown): boolean {
  if (error instanceof ConnectError) return AWAY.has(error.code);
  return error instanceof Error && error.name === "PeerUnavailableError";
}
