import type { Calibration } from "../bundle/feature-bundle.ts";

/** Neighbouring outputs that share one probability. The fields are sums, not means. */
interface Pool {
  outputs: number;
  positives: number;
  rows: number;
  /** The largest output in the pool. */
  last: number;
}

/**
 * Isotonic regression by pooling adjacent violators (Ayer et al. 1955). The knots are at the pools' mean
 * outputs.
 */
export function fitIsotonic(outputs: Float64Array, labels: Uint8Array): Calibration {
  const order = Uint32Array.from(outputs.keys()).sort(
    (a, b) => (outputs[a] as number) - (outputs[b] as number) || a - b,
  );
  const pools: Pool[] = [];
  for (const row of order) {
    const output = outputs[row] as number;
    const tail = pools.at(-1);
    if (tail?.last === output)
      merge(tail, { outputs: output, positives: labels[row] as number, rows: 1, last: output });
    else pools.push({ outputs: output, positives: labels[row] as number, rows: 1, last: output });
    poolViolators(pools);
  }
  return {
    kind: "isotonic",
    x: pools.map((pool) => pool.outputs / pool.rows),
    y: pools.map((pool) => pool.positives / pool.rows),
  };
}

/** Merges the last two pools as long as the rate of the last is not above that of the one before it. */
function poolViolators(pools: Pool[]): void {
  for (;;) {
    const [before, tail] = pools.slice(-2);
    if (before === undefined || tail === undefined) return;
    if (tail.positives * before.rows > before.positives * tail.rows) return;
    merge(before, tail);
    pools.pop();
  }
}

function merge(into: Pool, from: Pool): void {
  into.outputs += from.outputs;
  into.positives += from.positives;
  into.rows += from.rows;
  into.last = from.last;
}
