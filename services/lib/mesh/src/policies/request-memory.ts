import { Code } from "@connectrpc/connect";
import { type ArrivalEntry, ArrivalList } from "../call/arrival-list.ts";
import type { Call, RequestMemory } from "../call/call.ts";
import type { Policy } from "../call/policy.ts";
import { createCollector } from "../call/young-garbage.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { sharedError } from "../errors/shared-error.ts";

/** Limits on the memory of calls without a slot: calls whose requests are arriving or that wait. */
export interface RequestMemoryLimits {
  /** Maximum number of bytes of all requests together, including decompressed bytes. */
  readonly processBytes: number;
  /** Maximum number of bytes of the requests of one connection. */
  readonly connectionBytes: number;
  /** Maximum time from a request's headers to its last byte, for requests of one message. */
  readonly bodyTimeoutMs: number;
}

/** Room for two of the largest requests per connection: a weekly run sends two chunks at a time. */
export const DEFAULT_REQUEST_MEMORY = { processBytes: 32 * 1024 * 1024, connectionBytes: 32 * 1024 * 1024 };

export interface RequestMemoryPolicy extends Policy {
  /** Returns the number of bytes that are currently counted, for metrics and tests. */
  bytes(): number;
}

/** Memory of a call besides its request: its objects and its header block. */
const CALL_BYTES = 16 * 1024;
/** Time after which a call is counted. Most calls have a slot by then and are never counted. */
const FRESH_MS = 5;
/** A request above this size is large. */
const LARGE_BYTES = 64 * 1024;
/**
 * Share of the limit to which an eviction reduces the total, so that it ends several calls per search for the
 * largest connection.
 */
const EVICT_TO = 7 / 8;
/**
 * Time after the limit was exceeded during which large requests are read slowly, because reading data at full
 * speed that is then discarded takes all of the core. New large requests are ended at their first bytes,
 * because most of their data would be discarded.
 */
const PRESSED_MS = 1_000;
const PACE_MS = 250;
const RETRY_AFTER_MS = 1_000;

/** The counted calls of one connection. */
interface Holder {
  readonly connection: object;
  readonly calls: ArrivalList<Call>;
  bytes: number;
}

interface Counted {
  readonly holder: Holder;
  readonly ofHolder: ArrivalEntry<Call>;
  /** Undefined: the request is complete, or the listener's engine times it. */
  readonly incomplete: ArrivalEntry<Call> | undefined;
  bytes: number;
}

/**
 * Limits the memory of calls without a slot. A call that puts its connection above the connection's limit is
 * ended. When all requests together exceed the process's limit, the latest calls of the connection with the
 * most bytes are ended, so that clients with small requests continue beside a client that sends much. For a
 * second after that, a request that announces more than 64 KiB is ended at its first bytes. Independently of
 * its client's deadline, a request of one message must be complete within `bodyTimeoutMs`.
 * @throws RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED by `call.fail`
 */
export function requestMemoryPolicy(limits: RequestMemoryLimits): RequestMemoryPolicy {
  const holders = new Map<object, Holder>();
  const counted = new WeakMap<Call, Counted>();
  /** Calls whose request was incomplete when it was first counted. */
  const incomplete = new ArrivalList<Call>();
  const exhausted = sharedError(() =>
    rpcError(
      Code.ResourceExhausted,
      "REQUEST_MEMORY",
      "the requests that wait for a slot hold more bytes than the server allows",
      { retryAfterMs: RETRY_AFTER_MS },
    ),
  );
  const late = sharedError(() =>
    rpcError(Code.DeadlineExceeded, "BODY_TIMEOUT", `the request was not complete within ${limits.bodyTimeoutMs} ms`),
  );
  const collect = createCollector(() => performance.now());
  let total = 0;
  let lastEvictionMs = Number.NEGATIVE_INFINITY;
  let fresh: Call[] = [];
  let looking: NodeJS.Timeout | undefined;

  const enter = (call: Call): Counted => {
    const { connection } = call;
    const holder = holders.get(connection) ?? { connection, calls: new ArrivalList<Call>(), bytes: 0 };
    holders.set(connection, holder);
    const isTimed = !call.requestComplete && !call.engineTimesBody;
    const entry = {
      ...{ holder, ofHolder: holder.calls.add(call), bytes: 0 },
      incomplete: isTimed ? incomplete.add(call) : undefined,
    };
    counted.set(call, entry);
    return entry;
  };

  const evict = (): void => {
    collect();
    lastEvictionMs = performance.now();
    const enough = limits.processBytes * EVICT_TO;
    while (total > enough) {
      const [holder] = [...holders.values()].sort((a, b) => b.bytes - a.bytes);
      if (!holder) return;
      // Stops when the connection has half of its bytes left: another connection may have more by then.
      const half = holder.bytes / 2;
      for (const call of holder.calls.latestFirst()) {
        if (total <= enough || holder.bytes <= half) break;
        end(call);
      }
    }
  };

  const isPressed = (): boolean => performance.now() - lastEvictionMs < PRESSED_MS;

  const count = (call: Call, bytes: number, announcedBytes = 0): void => {
    if (call.closed || call.memory === undefined) return;
    const entry = counted.get(call) ?? enter(call);
    const isLarge = announcedBytes > LARGE_BYTES && entry.bytes <= LARGE_BYTES;
    if (isLarge && isPressed()) {
      collect();
      end(call);
      return;
    }
    const more = CALL_BYTES + bytes - entry.bytes;
    entry.bytes += more;
    entry.holder.bytes += more;
    total += more;
    if (entry.holder.bytes > limits.connectionBytes) end(call);
    else if (total > limits.processBytes) evict();
    watchClock();
  };

  const release = (call: Call): void => {
    call.memory = undefined;
    const entry = counted.get(call);
    if (!entry) return;
    const { holder, bytes } = entry;
    counted.delete(call);
    if (entry.incomplete) incomplete.remove(entry.incomplete);
    holder.calls.remove(entry.ofHolder);
    holder.bytes -= bytes;
    total -= bytes;
    if (holder.calls.size === 0) holders.delete(holder.connection);
  };

  const end = (call: Call, error = exhausted()): void => {
    call.fail(error);
    // The call is no longer counted, whatever it does.
    release(call);
  };

  /** Counts the calls that still have no slot 5 ms after they opened, and ends calls whose requests take too long. */
  const look = (): void => {
    looking = undefined;
    const waiting = fresh;
    fresh = [];
    for (const call of waiting) if (call.memory && !counted.has(call)) count(call, call.keepRequest());
    const since = performance.now() - limits.bodyTimeoutMs;
    for (let call = incomplete.first(); call !== undefined; call = incomplete.first()) {
      const entry = counted.get(call)?.incomplete;
      if (call.requestComplete && entry) {
        incomplete.remove(entry);
        continue;
      }
      if (call.startedAt > since) break;
      end(call, late());
    }
    watchClock();
  };

  const watchClock = (): void => {
    if (fresh.length > 0) looking ??= setTimeout(look, FRESH_MS);
    else if (incomplete.size > 0) looking ??= setTimeout(look, Math.min(1_000, limits.bodyTimeoutMs / 4)).unref();
  };

  const paceMs = (): number => (isPressed() ? PACE_MS : 0);
  const memory: RequestMemory = { count, release, paceMs };
  return {
    open(call) {
      call.memory = memory;
      fresh.push(call);
      if (fresh.length === 1) {
        clearTimeout(looking);
        looking = setTimeout(look, FRESH_MS);
      }
    },
    close: release,
    bytes: () => total,
  };
}
