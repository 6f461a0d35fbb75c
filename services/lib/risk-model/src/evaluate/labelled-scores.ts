import type { LabelledRows } from "@bellwether/drift/quality/labelled-rows";

/**
 * Returns the index of each row's supplier, and the number of suppliers. The suppliers are indexed from 0 in the order
 * in which they appear.
 */
export function clustersOf(supplierIds: Iterable<string>): Pick<LabelledRows, "clusterOf" | "clusters"> {
  const numbers = new Map<string, number>();
  const clusterOf = Uint32Array.from(supplierIds, (id) => {
    const known = numbers.get(id);
    if (known !== undefined) return known;
    numbers.set(id, numbers.size);
    return numbers.size - 1;
  });
  return { clusterOf, clusters: numbers.size };
}

/**
 * Returns scores with their labels as rows without a capacity, base rates and labels of earlier weeks.
 * @param weights number of suppliers that each row represents, above 0. Default: each row represents only itself
 */
export function labelledScores(
  scores: Float64Array,
  labels: Uint8Array,
  clusters: Pick<LabelledRows, "clusterOf" | "clusters">,
  weights = new Float64Array(labels.length).fill(1),
): LabelledRows {
  const rows = labels.length;
  return {
    ...{ scores, labels, weights, ...clusters },
    capacityShares: new Float64Array(rows),
    baseRates: new Float64Array(rows).fill(Number.NaN),
    lastLabels: new Int8Array(rows).fill(-1),
  };
}
