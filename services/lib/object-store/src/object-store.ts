/** What a store says about an object without its content. */
export interface ObjectInfo {
  /** Key of the object below the store's prefix, for example "in/2026-W47.csv". */
  readonly key: string;
  /** Entity tag: two contents that were stored under one key have different ones. Opaque, without quotes. */
  readonly etag: string;
  /** Size of the content, bytes. */
  readonly bytes: number;
  /** When the object was stored, by the clock of the store. Null: not said. */
  readonly modifiedAt: Date | null;
}

/** An object that is being read. */
export interface ObjectContent {
  readonly info: ObjectInfo;
  /**
   * The content, chunk by chunk. A reader that stops early ends the transfer. The iteration throws ObjectChangedError when the
   * object was replaced or deleted meanwhile, and the errors of the store.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Stores only if nothing has the key. */
export interface IfAbsent {
  readonly absent: true;
}

/** Stores or deletes only if the object has this entity tag. */
export interface IfEtag {
  readonly etag: string;
}

/** The condition of a write. */
export type WriteCondition = IfAbsent | IfEtag;

/** Options that all calls have. */
export interface CallOptions {
  /** Ends the call. The call then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  /** First byte, from 0. Default 0. */
  readonly start?: number;
  /** Byte after the last one. Default: the end of the object. */
  readonly end?: number;
  /** The object must have this entity tag, else ObjectChangedError. */
  readonly etag?: string;
}

export interface PutOptions extends CallOptions {
  /** Default: the object is created or replaced. */
  readonly condition?: WriteCondition;
  /** Media type, for example "application/json". Default "application/octet-stream". */
  readonly contentType?: string;
}

/** Content of an object: whole, or chunks that are read once. */
export type PutContent = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Objects below one prefix of a bucket, a container or a folder. A call is tried again after a temporary error, with growing
 * random pauses, until the store's time limit; then the last error is thrown. Every function throws StoreDeniedError,
 * StoreSettingsError, StoreSlowError, StoreUnavailableError, StoreRejectedError and ObjectKeyError.
 *
 * @example
 * await using store = await openObjectStore("s3://bucket/prefix?region=eu-central-1");
 * const { etag } = await store.put("a.json", bytes, { condition: { absent: true } }); // one of several writers wins
 * await store.put("a.json", newer, { condition: { etag } });
 */
export interface ObjectStore extends AsyncDisposable {
  /** URL of the store for messages and logs, without its query: it contains no secret. */
  readonly address: string;
  /** @throws ObjectNotFoundError */
  head(key: string, options?: CallOptions): Promise<ObjectInfo>;
  /**
   * Reads an object as it was when the call returned: a transfer that breaks continues where it stopped, with the same entity tag.
   * @throws ObjectNotFoundError, ObjectChangedError
   */
  get(key: string, options?: GetOptions): Promise<ObjectContent>;
  /**
   * Stores an object completely or not at all. At most three parts of 8 MiB are in memory.
   * @throws ObjectConditionError when the condition does not hold; nothing was stored
   * @throws StoreFullError
   */
  put(key: string, content: PutContent, options?: PutOptions): Promise<ObjectInfo>;
  /** Lists the objects whose key begins with `prefix`, page by page, in the order of their keys. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;
  /**
   * Lists the names of the folders in a folder: the parts of the keys between `folder` and the next "/", each once and in their order.
   * Objects of the folder itself have no such part.
   * @param folder with "/" at its end; empty: the store
   */
  folders(folder: string, options?: CallOptions): AsyncIterable<string>;
  /**
   * Deletes an object. A key without an object is no error. @throws ObjectConditionError when the object has another entity tag
   */
  delete(key: string, options?: CallOptions & { readonly condition?: IfEtag }): Promise<void>;
}
