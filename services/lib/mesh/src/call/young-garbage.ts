import v8 from "node:v8";
import vm from "node:vm";

/** The heap functions that a collector uses. */
export interface CollectedHeap {
  /** Returns the bytes of the heap and of the buffers outside of it, including garbage. */
  readonly bytes: () => number;
  readonly collectYoung: () => void;
  readonly collectAll: () => void;
  /** Returns the CPU time of this thread, milliseconds. */
  readonly cpuMs: () => number;
}

/** A collection of young objects takes one to five milliseconds. */
const YOUNG_INTERVAL_MS = 25;
const FULL_INTERVAL_MS = 500;
/** At most a tenth of the CPU is spent on full collections. */
const FULL_SHARE = 1 / 10;
const FULL_GROWTH_BYTES = 16 * 1024 * 1024;

/**
 * Returns a function that collects garbage: young garbage at most every 25 ms, and all garbage when heap and
 * buffers have grown by 16 MiB since the last full collection, at most every 500 ms. V8 counts the memory of
 * network buffers, but starts a collection for them only when about 64 MiB are garbage. Buffers that survive
 * two young collections, as those of waiting requests do, are collected later still. Under a flood of large
 * requests, a server without this function would hold that much additional memory.
 */
export function createCollector(now: () => number, heap: CollectedHeap = v8Heap()): () => void {
  let nextYoung = Number.NEGATIVE_INFINITY;
  let nextFull = Number.NEGATIVE_INFINITY;
  let leastBytes = heap.bytes();
  return () => {
    const time = now();
    if (time < nextYoung) return;
    nextYoung = time + YOUNG_INTERVAL_MS;
    heap.collectYoung();
    const bytes = heap.bytes();
    leastBytes = Math.min(leastBytes, bytes);
    if (time < nextFull || bytes - leastBytes < FULL_GROWTH_BYTES) return;
    const began = heap.cpuMs();
    heap.collectAll();
    nextFull = time + Math.max(FULL_INTERVAL_MS, (heap.cpuMs() - began) / FULL_SHARE);
    leastBytes = heap.bytes();
  };
}

/**
 * Collects all garbage of this thread once and gives the free memory back to the system, for the end of a start: a start
 * leaves some 50 MiB of garbage and free pages, which V8 would keep. Takes about 0.1 s. Compiled code is kept, because the
 * first calls would otherwise compile it again.
 */
export function collectStartGarbage(): void {
  const gc = exposeGc();
  v8.setFlagsFromString("--no-flush-bytecode");
  gc({ type: "major", flavor: "last-resort" });
  v8.setFlagsFromString("--flush-bytecode");
}

type Collect = (options: { readonly type: "minor" | "major"; readonly flavor?: "last-resort" }) => void;

function exposeGc(): Collect {
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc");
}

function v8Heap(): CollectedHeap {
  const gc = exposeGc();
  return {
    bytes() {
      const { used_heap_size, external_memory } = v8.getHeapStatistics();
      return used_heap_size + external_memory;
    },
    collectYoung: () => gc({ type: "minor" }),
    collectAll: () => gc({ type: "major" }),
    cpuMs() {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1_000;
    },
  };
}
