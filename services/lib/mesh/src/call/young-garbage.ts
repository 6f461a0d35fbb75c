import v8 from "node:v8";
import vm from "node:vm";

/** Collections of young objects take one to five milliseconds. */
const LEAST_INTERVAL_MS = 25;

/**
 * Collects young garbage, at most every 25 ms. V8 counts the memory of network buffers, but collects for their sake only when some
 * 64 MiB of them are garbage: a server under a flood of large requests would hold that much more than it keeps.
 */
export function createYoungCollector(now: () => number, collect = minorCollection()): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const time = now();
    if (time - last < LEAST_INTERVAL_MS) return;
    last = time;
    collect();
  };
}

function minorCollection(): () => void {
  v8.setFlagsFromString("--expose-gc");
  const gc: (options: { readonly type: "minor" }) => void = vm.runInNewContext("gc");
  return () => gc({ type: "minor" });
}
