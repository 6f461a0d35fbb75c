import type { Calibration } from "../bundle/feature-bundle.ts";

/**
 * A block of the pool-adjacent-violators algorithm: rows with neighbouring model outputs, which get one
 * common probability. `outputs` and `positives` are sums over these rows.
 */
interface Pool {
  outputs: number;
  positives: number;
  rows: number;
  /** Largest model output of the block's rows. A further row with exactly this output is added to the block. */
  last: number;
}

/**
 * Fits isotonic regression of the labels on the model outputs by the pool-adjacent-violators algorithm (Ayer
 * et al. 1955). Each block is a knot of the curve: x is the block's mean output, y its rate of positives.
 */
export function fitIsotonic(outputs: Float64Array, labels: Uint8Array): Calibration {
  const order = Uint32Array.from(outputs.keys()).sort((a, b) => outputs[a] - outputs[b] || a - b);
  const pools: Pool[] = [];
  for (const row of order) {
    const output = outputs[row];
    const tail = pools.at(-1);
    if (tail?.last === output) merge(tail, { outputs: output, positives: labels[row], rows: 1, last: output });
    else pools.push({ outputs: output, positives: labels[row], rows: 1, last: output });
    poolViolators(pools);
  }
  return {
    kind: "isotonic",
    x: pools.map((pool) => pool.outputs / pool.rows),
    y: pools.map((pool) => pool.positives / pool.rows),
  };
}

/**
 * Merges the last two blocks as long as the last block's rate of positives is not above that of the block
 * before it.
 */
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
