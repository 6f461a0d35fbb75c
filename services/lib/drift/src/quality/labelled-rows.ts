/** Scores of suppliers in weeks whose outcome is known. All arrays have one element a row. */
export interface LabelledRows {
  /** Calibrated scores, in [0, 1]. */
  readonly scores: Float64Array;
  /** 1: the risk occurred. 0: it did not. */
  readonly labels: Uint8Array;
  /** Number of suppliers that the row represents, above 0. 1: only itself. */
  readonly weights: Float64Array;
  /** Index of the row's supplier, 0 to `clusters` - 1. Rows of one supplier are not independent. */
  readonly clusterOf: Uint32Array;
  /** Number of suppliers. */
  readonly clusters: number;
  /** Share of the row that is among the k highest scores of its week, in [0, 1]: below 1 when scores tie at the k-th place. */
  readonly capacityShares: Float64Array;
  /** 1: the row is flagged. 0: it is not. Default: the rows with a score of at least the threshold of the measurement are. */
  readonly flags?: Float64Array;
  /** The score that the base rate of earlier weeks gives, in [0, 1]. NaN: no earlier week has outcomes. */
  readonly baseRates: Float64Array;
  /** The supplier's last outcome that was known before the week: 1, 0, or -1 for none. */
  readonly lastLabels: Int8Array;
  /** What another version gives the same rows, for comparison. Default: nothing is compared. */
  readonly reference?: ReferenceColumns;
}

/** Scores of another version. All arrays have one element a row; NaN: the version has no score of the row. */
export interface ReferenceColumns {
  /** Calibrated scores, in [0, 1]. */
  readonly scores: Float64Array;
  /** As `LabelledRows.flags`. */
  readonly flags: Float64Array;
  /** As `LabelledRows.capacityShares`. NaN also where the k-th highest score of the week is not known. */
  readonly capacityShares: Float64Array;
}

/** Returns the rows at these positions, in this order. Suppliers keep their numbers. */
export function selectRows(rows: LabelledRows, positions: Uint32Array): LabelledRows {
  return {
    scores: pick(rows.scores, positions, new Float64Array(positions.length)),
    labels: pick(rows.labels, positions, new Uint8Array(positions.length)),
    weights: pick(rows.weights, positions, new Float64Array(positions.length)),
    clusterOf: pick(rows.clusterOf, positions, new Uint32Array(positions.length)),
    clusters: rows.clusters,
    capacityShares: pick(rows.capacityShares, positions, new Float64Array(positions.length)),
    ...(rows.flags && { flags: pick(rows.flags, positions, new Float64Array(positions.length)) }),
    baseRates: pick(rows.baseRates, positions, new Float64Array(positions.length)),
    lastLabels: pick(rows.lastLabels, positions, new Int8Array(positions.length)),
    ...(rows.reference && { reference: selectColumns(rows.reference, positions) }),
  };
}

function selectColumns({ scores, flags, capacityShares }: ReferenceColumns, positions: Uint32Array): ReferenceColumns {
  const at = (column: Float64Array): Float64Array => pick(column, positions, new Float64Array(positions.length));
  return { scores: at(scores), flags: at(flags), capacityShares: at(capacityShares) };
}

/** Fills `into` with the values at these positions. A loop is several times faster than `from` with a function. */
function pick<A extends Float64Array | Uint8Array | Uint32Array | Int8Array>(
  from: A,
  positions: Uint32Array,
  into: A,
): A {
  for (let i = 0; i < positions.length; i++) into[i] = from[positions[i]];
  return into;
}

/** Returns the positions of the rows that a condition selects. */
export function positionsWhere(rows: number, condition: (row: number) => boolean): Uint32Array {
  const positions = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (condition(row)) positions[count++] = row;
  return positions.subarray(0, count);
}
