import type { ShadowDropReason, ShadowRow } from "../domain/shadow.ts";

/** Limits of the rows that wait for the challenger. */
export interface ShadowQueueLimits {
  readonly maxRows: number;
  /** Approximate memory of the inputs, bytes. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** Rows that wait for the challenger, oldest first. A row that does not fit is dropped and counted. */
export interface ShadowQueue {
  /** Adds a row, or drops it. */
  put(row: ShadowRow): void;
  /** Whether another row can be added, as far as the number of rows decides. */
  hasRoom(): boolean;
  /** Takes the oldest rows: at most `maxRows`, and at most `maxBytes` unless the first alone is larger. Drops rows that are too old. */
  take(maxRows: number, maxBytes: number): ShadowRow[];
  /** Drops all rows for one reason. */
  clear(reason: ShadowDropReason): void;
  size(): number;
}

/** Approximate memory of a name with its value, bytes. */
const ENTRY_BYTES = 64;

/** Creates an empty queue. */
export function createShadowQueue(
  { maxRows, maxBytes, maxAgeMs }: ShadowQueueLimits,
  drop: (reason: ShadowDropReason, rows: number) => void,
  now: () => number,
): ShadowQueue {
  let waiting: { readonly row: ShadowRow; readonly bytes: number }[] = [];
  /** Position of the oldest row in `waiting`. */
  let first = 0;
  let bytes = 0;
  const size = (): number => waiting.length - first;
  return {
    put(row) {
      const own = bytesOf(row);
      if (size() >= maxRows || bytes + own > maxBytes) return drop("queue_full", 1);
      waiting.push({ row, bytes: own });
      bytes += own;
    },
    hasRoom: () => size() < maxRows && bytes < maxBytes,
    take(rows, limit) {
      const taken: ShadowRow[] = [];
      let takenBytes = 0;
      const oldest = now() - maxAgeMs;
      for (let next = waiting[first]; next !== undefined; next = waiting[first]) {
        const isOld = next.row.atMs < oldest;
        if (!isOld && (taken.length >= rows || (taken.length > 0 && takenBytes + next.bytes > limit))) break;
        first++;
        bytes -= next.bytes;
        if (isOld) {
          drop("too_old", 1);
          continue;
        }
        taken.push(next.row);
        takenBytes += next.bytes;
      }
      waiting = waiting.slice(first);
      first = 0;
      return taken;
    },
    clear(reason) {
      if (size() > 0) drop(reason, size());
      waiting = [];
      first = 0;
      bytes = 0;
    },
    size,
  };
}

function bytesOf({ input, supplierId }: ShadowRow): number {
  const names = [input.features, input.categories, input.terms ?? {}].reduce(
    (sum, map) => sum + Object.keys(map).length,
    0,
  );
  return ENTRY_BYTES * (names + 4) + 2 * (input.text.length + supplierId.length);
}
