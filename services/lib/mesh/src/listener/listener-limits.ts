/** What a listener grants all its clients together. */
export interface ListenerLimits {
  readonly maxConnections: number;
  /** Concurrent calls per HTTP/2 connection. */
  readonly maxStreams: number;
  /** Open-ended streams (watches) per connection: the other streams are left to calls that end. */
  readonly maxWatches: number;
  /** An open-ended stream of answers that has sent nothing for so long sends an empty message, so that no proxy takes it for idle. */
  readonly watchKeepaliveMs: number;
  /** Calls that a client may take back on one HTTP/2 connection before they are answered, at once and in the long run. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Largest header block of a request, bytes. HTTP/2 engines take `HEADER_HEADROOM` times as much, so that the rejection has a text. */
  readonly maxHeaderBytes: number;
  /** From the connection, or the end of the last request, to the end of the next request's headers. */
  readonly headersTimeoutMs: number;
  /** From a request's headers to its last byte; of a stream of messages, HTTP/1.1 only. */
  readonly bodyTimeoutMs: number;
  /** Longest that the next message of a client's stream may take, while a handler waits for it. */
  readonly messageTimeoutMs: number;
  /** A client that has not taken a whole answer so long after its end loses it, at the latest after twice that, HTTP/2. */
  readonly answerTimeoutMs: number;
  /** After this age a connection is asked to go, so that load spreads over new replicas. */
  readonly connectionAgeMs: number;
  readonly connectionAgeGraceMs: number;
  readonly connectionIdleMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

/** A larger header block than this many times `maxHeaderBytes` is reset by the HTTP/2 engine, without a text. */
export const HEADER_HEADROOM = 4;

/** Connection ages are long: a call that meets the closing of an old connection is retried only when it is idempotent. */
export const DEFAULT_LISTENER_LIMITS: ListenerLimits = {
  maxConnections: 4_096,
  // node:http2 counts a stream that was reset until the turn ends: what ends together and what comes with it in one packet must fit,
  // or the engine resets calls without a text. All watches and as many calls as are left beside them do.
  maxStreams: 256,
  maxWatches: 228,
  watchKeepaliveMs: 20_000,
  // A connection full of calls whose deadlines pass together takes them all back, and those that waited behind them, and is no flood.
  resetBurst: 256,
  resetsPerSecond: 33,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  messageTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  connectionAgeMs: 30 * 60_000,
  connectionAgeGraceMs: 30_000,
  connectionIdleMs: 5 * 60_000,
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
};
