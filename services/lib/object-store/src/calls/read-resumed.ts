import type { Backend, OpenObject } from "../backends/backend.ts";
import {
  isTransientStoreError,
  ObjectChangedError,
  ObjectNotFoundError,
  StoreUnavailableError,
} from "../store-error.ts";
import type { StoreLimits } from "./limits.ts";
import { withinTime, withRetries } from "./with-retries.ts";

export interface ResumedRead {
  readonly backend: Pick<Backend, "open">;
  readonly key: string;
  readonly place: string;
  readonly limits: StoreLimits;
  readonly signal: AbortSignal | undefined;
  /** First byte. */
  readonly start: number;
  /** Byte after the last one. */
  readonly end: number;
}

/** Bytes that must arrive between two breaks: a store that breaks more often is not read for ever. */
const PROGRESS_BYTES = 1024 * 1024;

/**
 * Yields the bytes of an object from `start` to `end`. A transfer that breaks or stops continues at the next byte, of the same entity
 * tag. At most `limits.attempts` times in a row without a MiB of progress.
 * @throws ObjectChangedError when the object was replaced or deleted, StoreSlowError, StoreUnavailableError
 */
export async function* readResumed(read: ResumedRead, first: OpenObject): AsyncGenerator<Uint8Array, void, void> {
  const { place, limits, signal, end } = read;
  let opened = first;
  let next = read.start;
  let breaks = 0;
  let lastBreak = next;
  while (true) {
    let failure: unknown = null;
    const chunks = opened.chunks[Symbol.asyncIterator]();
    try {
      while (next < end) {
        const { done, value } = await withinTime(place, limits.silenceMs, signal, () => chunks.next());
        if (done) break;
        if (value.length > end - next) throw new ObjectChangedError(place);
        next += value.length;
        yield value;
      }
    } catch (error) {
      failure = error;
    } finally {
      // Not awaited: a stream that hangs would hang here too.
      Promise.resolve(chunks.return?.()).catch(() => undefined);
    }
    if (next >= end && failure === null) return;
    signal?.throwIfAborted();
    failure ??= new StoreUnavailableError(place, "the transfer ended early");
    breaks = next - lastBreak >= PROGRESS_BYTES ? 1 : breaks + 1;
    lastBreak = next;
    if (!isTransientStoreError(failure) || breaks >= limits.attempts) throw failure;
    opened = await reopen(read, opened.info.etag, next);
  }
}

async function reopen(
  { backend, key, place, limits, signal, end }: ResumedRead,
  etag: string,
  start: number,
): Promise<OpenObject> {
  try {
    return await withRetries({ limits, place, signal }, (attempt) => backend.open(key, { start, end, etag }, attempt));
  } catch (error) {
    throw error instanceof ObjectNotFoundError ? new ObjectChangedError(place, { cause: error }) : error;
  }
}
