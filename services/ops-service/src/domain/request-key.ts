/** The key of a request that a client may send again: header `Idempotency-Key`. */
export interface RequestKey {
  /** Who sends it: callers do not share keys. */
  readonly caller: string;
  /** 1 to 255 visible ASCII characters. */
  readonly key: string;
  /** SHA-256 of method and content, lower-case hex. */
  readonly digest: string;
}

/** What is known of a key. */
export interface KnownKey {
  readonly digest: string;
  /** The first answer as bytes of its message. Undefined: the request failed in part, is under way, or its process ended. */
  readonly answer: Uint8Array | undefined;
}

/** The keys and first answers of requests. */
export interface RequestKeyStore {
  /** Returns what is known of a key; undefined when its request had no effect yet. */
  find(key: RequestKey): Promise<KnownKey | undefined>;
  /** Stores the answer of a request that had an effect. The first answer stays. */
  storeAnswer(key: RequestKey, answer: Uint8Array): Promise<void>;
}
