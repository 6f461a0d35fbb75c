import { randomUUID } from "node:crypto";
import type { Backend, FolderPage, ListPage, Upload, WriteDetails } from "../backends/backend.ts";
import { closingChunks } from "../backends/closing-chunks.ts";
import { checkKey } from "../location/object-key.ts";
import type { GetOptions, ObjectInfo, ObjectStore, PutContent, PutOptions } from "../object-store.ts";
import { ObjectConditionError, ObjectKeyError, ObjectNotFoundError } from "../store-error.ts";
import { cutParts } from "./cut-parts.ts";
import type { StoreLimits } from "./limits.ts";
import { readResumed } from "./read-resumed.ts";
import { withRetries } from "./with-retries.ts";

export interface StoreParts {
  readonly backend: Backend;
  readonly limits: StoreLimits;
  /** Prefix of all keys, without "/" at its end. Empty: none. */
  readonly prefix: string;
  readonly address: string;
}

/** Returns a store over a backend, with time limits, retries, and reads that continue. */
export function createStore({ backend, limits, prefix, address }: StoreParts): ObjectStore {
  const whole = (key: string): string => checkKey(prefix === "" ? key : `${prefix}/${key}`);
  const below = prefix === "" ? "" : `${prefix}/`;
  const own = (info: ObjectInfo): ObjectInfo => ({ ...info, key: info.key.slice(below.length) });
  const placeOf = (key: string): string => `${address}/${key}`;
  const call = <T>(
    key: string,
    signal: AbortSignal | undefined,
    attempt: (signal: AbortSignal, earlier: number) => Promise<T>,
  ): Promise<T> => withRetries({ limits, place: placeOf(key), signal }, attempt);

  return {
    address,
    async head(key, { signal } = {}) {
      const full = whole(key);
      return own(await call(key, signal, (attempt) => backend.head(full, attempt)));
    },
    async get(key, { start = 0, end, etag, signal }: GetOptions = {}) {
      const full = whole(key);
      if (
        !Number.isSafeInteger(start) ||
        start < 0 ||
        (end !== undefined && !(Number.isSafeInteger(end) && end > start))
      )
        throw new RangeError(`bytes ${start} to ${end ?? "the end"} are not a range`);
      const range = { start, end: end ?? null, etag: etag ?? null };
      const first = await call(key, signal, (attempt) => backend.open(full, range, attempt));
      const { info } = first;
      const last = Math.min(end ?? info.bytes, info.bytes);
      const read = { backend, key: full, place: placeOf(key), limits, signal, start: Math.min(start, last), end: last };
      // If the caller never reads, or fails before it reads, the transfer must end too.
      const stop = async (): Promise<void> => void (await first.chunks[Symbol.asyncIterator]().return?.());
      return { info: own(info), chunks: closingChunks(readResumed(read, first), stop) };
    },
    async put(key, content, options = {}) {
      return own(await write(key, whole(key), content, options));
    },
    async *list(listed, { signal } = {}) {
      if (/(^|\/)\.{1,2}(\/|$)/.test(listed)) throw new ObjectKeyError(listed, 'a part is "." or ".."');
      let after: string | null = null;
      for (;;) {
        const from: string | null = after;
        const page: ListPage = await call(listed, signal, (attempt) => backend.list(below + listed, from, attempt));
        yield* page.objects.map(own);
        if (page.next === null) return;
        after = page.next;
      }
    },
    async *folders(folder, { signal } = {}) {
      if (folder !== "" && !folder.endsWith("/")) throw new ObjectKeyError(folder, 'a folder ends with "/"');
      if (folder !== "") whole(folder.slice(0, -1));
      const inside = below + folder;
      for (let after: string | null = null; ; ) {
        const from: string | null = after;
        const page: FolderPage = await call(folder, signal, (attempt) => backend.folders(inside, from, attempt));
        for (const found of page.folders) yield found.slice(inside.length, -1);
        if (page.next === null) return;
        after = page.next;
      }
    },
    async delete(key, { condition, signal } = {}) {
      const full = whole(key);
      await call(key, signal, async (attempt, earlier) => {
        try {
          await backend.delete(full, condition?.etag ?? null, attempt);
        } catch (error) {
          // The earlier attempt may have deleted it.
          if (earlier > 0 && error instanceof ObjectConditionError && (await isGone(full, attempt))) return;
          throw error;
        }
      });
    },
    [Symbol.asyncDispose]: () => backend.close(),
  };

  async function isGone(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      await backend.head(key, signal);
      return false;
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return true;
      throw error;
    }
  }

  async function write(
    key: string,
    full: string,
    content: PutContent,
    { condition, contentType = "application/octet-stream", signal }: PutOptions,
  ): Promise<ObjectInfo> {
    const details: WriteDetails = { condition: condition ?? null, contentType, writeId: randomUUID() };
    /**
     * An attempt whose answer was lost may have stored the object: the next one then fails its own condition. So the object that is
     * there decides.
     */
    const commit = (attempt: (signal: AbortSignal) => Promise<ObjectInfo>): Promise<ObjectInfo> =>
      call(key, signal, async (attemptSignal, earlier) => {
        try {
          return await attempt(attemptSignal);
        } catch (error) {
          const isDoubtful = error instanceof ObjectConditionError || error instanceof ObjectNotFoundError;
          const written =
            earlier > 0 && isDoubtful && (await backend.findWritten(full, details.writeId, attemptSignal));
          if (written) return written;
          throw error;
        }
      });
    if (content instanceof Uint8Array && content.length <= backend.partBytes)
      return await commit((attempt) => backend.put(full, content, details, attempt));
    const parts = cutParts(content instanceof Uint8Array ? chunksOf(content) : content, backend.partBytes);
    const first = await parts.next();
    const second = first.done ? first : await parts.next();
    if (first.done) return await commit((attempt) => backend.put(full, new Uint8Array(), details, attempt));
    if (second.done) return await commit((attempt) => backend.put(full, first.value, details, attempt));
    let upload: Upload | undefined;
    try {
      const begun = await call(key, signal, (attempt) => backend.startUpload(full, details, attempt));
      upload = begun;
      const send = (index: number, bytes: Uint8Array) =>
        call(key, signal, (attempt) => begun.part(index, bytes, attempt));
      await send(0, first.value);
      await send(1, second.value);
      let index = 2;
      for await (const part of parts) await send(index++, part);
      return await commit((attempt) => begun.complete(attempt));
    } catch (error) {
      if (upload) await abandon(key, upload);
      throw error;
    } finally {
      await parts.return();
    }
  }

  /** Removes the parts of an upload. When that fails too, the store's own rule for old parts removes them. */
  async function abandon(key: string, upload: Upload): Promise<void> {
    await call(key, undefined, (attempt) => upload.abort(attempt)).catch(() => undefined);
  }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
