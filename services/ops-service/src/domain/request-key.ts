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
  /**
   * Stores the answer of a request that had an effect. Of several that are stored at the same time, the first one stays.
   * @returns the answer that was stored before. Undefined: this one is stored, or it is too large to be stored
   */
  storeAnswer(key: RequestKey, answer: Uint8Array): Promise<Uint8Array | undefined>;
}
