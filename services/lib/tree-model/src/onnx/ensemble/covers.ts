import { MODE, type NodeTable } from "./node-table.ts";

/** metadata_props key that says what `nodes_hitrates` are; only the value "training" makes them covers. */
export const COVERS_KEY = "bellwether.covers";

/** Rounding that covers may have picked up as float32 on their way into a file. */
const TOLERANCE = 1e-3;

/**
 * Whether the hit rates of an ensemble can be the training weights of its nodes: not all equal (exporters that do not know
 * them write 1 everywhere), none negative, and every node's the sum of its children's.
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
