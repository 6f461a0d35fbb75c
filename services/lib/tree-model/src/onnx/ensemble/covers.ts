import { MODE, type NodeTable } from "./node-table.ts";

/**
 * Key in metadata_props that states the meaning of `nodes_hitrates`. They are covers only when its value is
 * "training".
 */
export const COVERS_KEY = "bellwether.covers";

/** Relative rounding error that covers may have after they were stored as float32. */
const TOLERANCE = 1e-3;

/**
 * Whether the hit rates of an ensemble can be the training weights of its nodes. They must not all be equal (an
 * exporter that does not know them writes 1 everywhere) and not be negative, and the hit rate of each node must be
 * the sum of the hit rates of its children.
 */
export function hitRatesAreCovers(table: NodeTable): boolean {
  const rates = table.hitRate;
  if (rates === null || rates.every((rate) => rate === rates[0])) return false;
  for (const [node, rate] of rates.entries()) {
    if (!Number.isFinite(rate) || rate < 0) return false;
    if (table.mode[node] === MODE.leaf) continue;
    const children = rates[table.yes[node]] + rates[table.no[node]];
    if (rate === 0 || Math.abs(rate - children) > TOLERANCE * rate) return false;
  }
  return true;
}
