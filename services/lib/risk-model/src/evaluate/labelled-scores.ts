import type { LabelledRows } from "@bellwether/drift/quality/labelled-rows";

/** Returns the number of the supplier of each row, from 0, and the number of suppliers. */
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

/** Returns scores with their labels as rows that represent only themselves, without a capacity and without earlier weeks. */
export function labelledScores(
  scores: Float64Array,
  labels: Uint8Array,
  clusters: Pick<LabelledRows, "clusterOf" | "clusters">,
): LabelledRows {
  const rows = labels.length;
  return {
    ...{ scores, labels, ...clusters },
    weights: new Float64Array(rows).fill(1),
    capacityShares: new Float64Array(rows),
    baseRates: new Float64Array(rows).fill(Number.NaN),
    lastLabels: new Int8Array(rows).fill(-1),
  };
}
