/**
 * Columns of a row that change together, and the values that they can take: the column of a number, or all
 * columns of a category.
 */
export interface ChangeVariable {
  readonly columns: readonly number[];
  /** Column values of each option, `[options × columns]`. With one column the values ascend. */
  readonly values: Float32Array;
  /** Cost of each option, `[options]`: 0 for the current option, above 0 for all others. */
  readonly costs: Float64Array;
  /** Index of the option that the row has now. */
  readonly current: number;
}

/** The change of one variable to one of its options. */
export interface VariableChange {
  /** Index of the variable. */
  readonly variable: number;
  /** Index of the option, never the current one. */
  readonly option: number;
}

/** Returns a copy of the row with the changes. */
export function changedRow(
  row: Float32Array,
  variables: readonly ChangeVariable[],
  changes: readonly VariableChange[],
): Float32Array {
  const changed = row.slice();
  for (const { variable, option } of changes) {
    const { columns, values } = variables[variable];
    for (const [i, column] of columns.entries()) changed[column] = values[option * columns.length + i];
  }
  return changed;
}
