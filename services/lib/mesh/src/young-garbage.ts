import v8 from "node:v8";
import vm from "node:vm";

/** Collections of young objects take one to five milliseconds. */
const LEAST_INTERVAL_MS = 50;

/**
 * Collects young garbage, at most every 50 ms. V8 counts the memory of network buffers, but collects for their sake only when some
 * 64 MiB of them are garbage: a server under a flood of large requests would hold that much more than it keeps.
 */
export function createYoungCollector(now: () => number): () => void {
  v8.setFlagsFromString("--expose-gc");
  const collect: (options: { readonly type: "minor" }) => void = vm.runInNewContext("gc");
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const time = now();
    if (time - last < LEAST_INTERVAL_MS) return;
    last = time;
    collect({ type: "minor" });
  };
}
