import { Code } from "@connectrpc/connect";
import type { Call, RequestMemory } from "../call/call.ts";
import type { Policy } from "../call/policy.ts";
import { createCollector } from "../call/young-garbage.ts";
import { rpcError } from "../errors/rpc-error.ts";

/** What a server keeps for calls that have no slot yet: their requests arrive, or they wait. */
export interface RequestMemoryLimits {
  /** Bytes of all requests together, inflated ones too. */
  readonly processBytes: number;
  /** Bytes of the requests of one connection. */
  readonly connectionBytes: number;
  /** From its headers to its last byte, a request of one message. */
  readonly bodyTimeoutMs: number;
}

/** Two of the largest requests of a connection: a weekly run sends two chunks at a time. */
export const DEFAULT_REQUEST_MEMORY = { processBytes: 32 * 1024 * 1024, connectionBytes: 32 * 1024 * 1024 };

export interface RequestMemoryPolicy extends Policy {
  /** Bytes that are counted now, for metrics and tests. */
  bytes(): number;
}

/** A call with what the server keeps for it besides its request: its objects and its header block. */
const CALL_BYTES = 16 * 1024;
/** Most calls have a slot by then, and are never counted. */
const FRESH_MS = 5;
/** A request of more bytes is large. */
const LARGE_BYTES = 64 * 1024;
/** Ending one call at a time would look for the largest connection for each. */
const EVICT_TO = 7 / 8;
/**
 * So long after the limit was met, large requests are read slowly, because reading at full speed what is thrown away takes all of the core,
 * and new large requests are ended at their first bytes, because most of what they bring would be thrown away.
 */
const PRESSED_MS = 1_000;
const PACE_MS = 250;
const RETRY_AFTER_MS = 1_000;

/** What one connection's calls hold. */
interface Holder {
  readonly connection: object;
  readonly calls: Set<Call>;
  bytes: number;
}

interface Counted {
  readonly holder: Holder;
  bytes: number;
}

/**
 * Bounds what calls without a slot hold. One that takes its connection beyond the limit is ended; when all together reach theirs, the
 * connection that holds most loses its latest calls, so that clients with small requests go on beside one that sends much. For a second after
 * that, a request that announces more than 64 KiB is ended at its first bytes. And a request of one message must be complete in time, whatever deadline its client has set. @throws RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED by `call.fail`
 */
export function requestMemoryPolicy(limits: RequestMemoryLimits): RequestMemoryPolicy {
  const holders = new Map<object, Holder>();
  const counted = new Map<Call, Counted>();
  /** Calls whose request is not complete, first come first. */
  const incomplete = new Set<Call>();
  const exhausted = rpcError(
    Code.ResourceExhausted,
    "REQUEST_MEMORY",
    "the requests that have not been taken up hold more bytes than the server keeps for them",
    { retryAfterMs: RETRY_AFTER_MS },
  );
  const late = rpcError(
    Code.DeadlineExceeded,
    "BODY_TIMEOUT",
    `the request was not complete within ${limits.bodyTimeoutMs} ms`,
  );
  const collect = createCollector(() => performance.now());
  let total = 0;
  let lastEvictionMs = Number.NEGATIVE_INFINITY;
  let fresh: Call[] = [];
  let looking: NodeJS.Timeout | undefined;

  const enter = (call: Call): Counted => {
    const { connection } = call;
    const holder = holders.get(connection) ?? { connection, calls: new Set<Call>(), bytes: 0 };
    holders.set(connection, holder);
    holder.calls.add(call);
    if (!call.requestComplete && !call.engineTimesBody) incomplete.add(call);
    const entry = { holder, bytes: 0 };
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
      // To half at most: then another connection may hold more.
      const half = holder.bytes / 2;
      for (const call of [...holder.calls].reverse()) {
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
    incomplete.delete(call);
    holder.calls.delete(call);
    holder.bytes -= bytes;
    total -= bytes;
    if (holder.calls.size === 0) holders.delete(holder.connection);
  };

  const end = (call: Call): void => {
    call.fail(exhausted);
    // Whatever the call does, it is counted no more.
    release(call);
  };

  /** Counts calls that have waited since the last look, and ends those whose request takes too long. */
  const look = (): void => {
    looking = undefined;
    const waiting = fresh;
    fresh = [];
    for (const call of waiting) if (call.memory && !counted.has(call)) count(call, call.keepRequest());
    const since = performance.now() - limits.bodyTimeoutMs;
    for (const call of incomplete) {
      if (call.requestComplete) incomplete.delete(call);
      else if (call.startedAt > since) break;
      else call.fail(late);
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
