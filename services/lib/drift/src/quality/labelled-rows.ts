/** Scores of suppliers in weeks whose outcome is known. All arrays have one element a row. */
export interface LabelledRows {
  /** Calibrated scores, in [0, 1]. */
  readonly scores: Float64Array;
  /** 1: the risk occurred. 0: it did not. */
  readonly labels: Uint8Array;
  /** Number of suppliers that the row represents, above 0. 1: only itself. */
  readonly weights: Float64Array;
  /** Number of the row's supplier, 0 to `clusters` - 1. Rows of one supplier are not independent. */
  readonly clusterOf: Uint32Array;
  /** Number of suppliers. */
  readonly clusters: number;
  /** Share of the row that is among the k highest scores of its week, in [0, 1]: below 1 when scores tie at the k-th place. */
  readonly capacityShares: Float64Array;
  /** The score that the base rate of earlier weeks gives, in [0, 1]. NaN: no earlier week has outcomes. */
  readonly baseRates: Float64Array;
  /** The supplier's last outcome that was known before the week: 1, 0, or -1 for none. */
  readonly lastLabels: Int8Array;
}

/** Returns the rows at these positions, in this order. Suppliers keep their numbers. */
export function selectRows(rows: LabelledRows, positions: Uint32Array): LabelledRows {
  const numbers = (from: Float64Array): Float64Array => Float64Array.from(positions, (i) => from[i]);
  return {
    scores: numbers(rows.scores),
    labels: Uint8Array.from(positions, (i) => rows.labels[i]),
    weights: numbers(rows.weights),
    clusterOf: Uint32Array.from(positions, (i) => rows.clusterOf[i]),
    clusters: rows.clusters,
    capacityShares: numbers(rows.capacityShares),
    baseRates: numbers(rows.baseRates),
    lastLabels: Int8Array.from(positions, (i) => rows.lastLabels[i]),
  };
}
