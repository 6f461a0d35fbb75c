/** What a door grants all its clients together. */
export interface DoorLimits {
  readonly maxConnections: number;
  /** Concurrent calls per HTTP/2 connection. */
  readonly maxStreams: number;
  /** Calls that a client may take back on one HTTP/2 connection before they are answered, at once and in the long run. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Largest header block of a request, where the engine can bound it. */
  readonly maxHeaderBytes: number;
  /** From the connection, or the end of the last request, to the end of the next request's headers. */
  readonly headersTimeoutMs: number;
  /** From a request's first byte to its last, HTTP/1.1. */
  readonly bodyTimeoutMs: number;
  /** A client that has not taken a whole answer so long after its end loses it, at the latest after twice that, HTTP/2. */
  readonly answerTimeoutMs: number;
  /** After this age a connection is asked to go, so that load spreads over new replicas. */
  readonly connectionAgeMs: number;
  readonly connectionAgeGraceMs: number;
  readonly connectionIdleMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

/** Connection ages are long: a call that meets the closing of an old connection is retried only when it is idempotent. */
export const DEFAULT_DOOR_LIMITS: DoorLimits = {
  maxConnections: 4_096,
  maxStreams: 128,
  // A connection full of calls whose deadlines pass together takes them all back, and is no flood.
  resetBurst: 128,
  resetsPerSecond: 33,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  connectionAgeMs: 30 * 60_000,
  connectionAgeGraceMs: 30_000,
  connectionIdleMs: 5 * 60_000,
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
};
