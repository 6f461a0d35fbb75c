/** Limits of a listener over all its clients. */
export interface ListenerLimits {
  readonly maxConnections: number;
  /** Maximum number of concurrent calls per HTTP/2 connection. */
  readonly maxStreams: number;
  /**
   * Maximum number of open-ended streams (watches) per connection. The other streams remain free for calls
   * that end.
   */
  readonly maxWatches: number;
  /**
   * An open-ended stream of answers that has sent nothing for this time sends an empty message, so that
   * proxies do not treat it as idle.
   */
  readonly watchKeepaliveMs: number;
  /**
   * Maximum number of calls on one HTTP/2 connection that a client may cancel before they are answered:
   * `resetBurst` at once, and `resetsPerSecond` in the long run.
   */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /**
   * Maximum size of a request's header block, in bytes. HTTP/2 engines accept `HEADER_HEADROOM` times this
   * size, so that the rejection can have a text.
   */
  readonly maxHeaderBytes: number;
  /**
   * Maximum time from the opening of the connection, or from the end of the last request, to the end of the
   * next request's headers.
   */
  readonly headersTimeoutMs: number;
  /**
   * Maximum time from a request's headers to its last byte. For a stream of messages, the limit applies to
   * HTTP/1.1 only.
   */
  readonly bodyTimeoutMs: number;
  /** Maximum time for which a handler waits for the next message of a client's stream. */
  readonly messageTimeoutMs: number;
  /**
   * HTTP/2: a call is reset when its client has not read the whole answer this long after its end, and at the
   * latest after twice this time.
   */
  readonly answerTimeoutMs: number;
  /** Age at which a connection is asked to close, so that load spreads over new replicas. */
  readonly connectionAgeMs: number;
  readonly connectionAgeGraceMs: number;
  readonly connectionIdleMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

/**
 * The HTTP/2 engine resets a stream whose header block is larger than this multiple of `maxHeaderBytes`,
 * without a text.
 */
export const HEADER_HEADROOM = 4;

/**
 * Connection ages are long: a call that coincides with the closing of an old connection is retried only when
 * it is idempotent.
 */
export const DEFAULT_LISTENER_LIMITS: ListenerLimits = {
  maxConnections: 4_096,
  // node:http2 counts a reset stream until the current iteration of the event loop ends. Streams that end
  // together, and those that arrive with their end in one packet, must fit into the limit, or the engine
  // resets calls without a text. All watches and the same number of calls as remain beside them do fit.
  maxStreams: 256,
  maxWatches: 228,
  watchKeepaliveMs: 20_000,
  // This number of resets at once is not a flood: when the deadlines of all calls of a connection pass
  // together, its client cancels these calls and those that waited behind them.
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
