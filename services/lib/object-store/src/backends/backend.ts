import type { ObjectInfo, WriteCondition } from "../object-store.ts";

/** A part of an object to read. */
export interface ReadRange {
  /** First byte, from 0. */
  readonly start: number;
  /** Byte after the last one. Null: the end of the object. */
  readonly end: number | null;
  /** The object must have this entity tag. Null: any. */
  readonly etag: string | null;
}

/** An object that is open for reading. */
export interface OpenObject {
  readonly info: ObjectInfo;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What is stored with an object. */
export interface WriteDetails {
  readonly condition: WriteCondition | null;
  readonly contentType: string;
  /** Unique per `put`. Stored with the object, so that a writer recognizes its own object after a lost answer. */
  readonly writeId: string;
}

/** An object that is written part by part. Nothing of it is visible before `complete`. */
export interface Upload {
  /** @param index number of the part, from 0. All parts but the last have `partBytes`. Repeatable. */
  part(index: number, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** @throws ObjectConditionError */
  complete(signal: AbortSignal): Promise<ObjectInfo>;
  /** Removes the parts. */
  abort(signal: AbortSignal): Promise<void>;
}

export interface ListPage {
  /** In the order of their keys. */
  readonly objects: readonly ObjectInfo[];
  /** Null: this is the last page. */
  readonly next: string | null;
}

export interface FolderPage {
  /** Whole prefixes, each with "/" at its end, in their order. */
  readonly folders: readonly string[];
  /** Null: this is the last page. */
  readonly next: string | null;
}

/**
 * A kind of store. Its functions do one attempt each and throw the errors of store-error.ts; `createStore` adds time limits and
 * retries. Keys are whole: with the prefix of the store.
 */
export interface Backend {
  /** Size of the parts of an upload, bytes. Smaller content is stored by `put`. */
  readonly partBytes: number;
  head(key: string, signal: AbortSignal): Promise<ObjectInfo>;
  open(key: string, range: ReadRange, signal: AbortSignal): Promise<OpenObject>;
  put(key: string, bytes: Uint8Array, details: WriteDetails, signal: AbortSignal): Promise<ObjectInfo>;
  startUpload(key: string, details: WriteDetails, signal: AbortSignal): Promise<Upload>;
  /** Returns the object of a write whose answer was lost. Null: another writer's object has the key, or none. */
  findWritten(key: string, writeId: string, signal: AbortSignal): Promise<ObjectInfo | null>;
  list(prefix: string, after: string | null, signal: AbortSignal): Promise<ListPage>;
  /** Lists the prefixes of the keys that begin with `prefix`, each cut after the first "/" behind it. */
  folders(prefix: string, after: string | null, signal: AbortSignal): Promise<FolderPage>;
  delete(key: string, etag: string | null, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
