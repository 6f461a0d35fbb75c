import type { SourceSplit } from "../../trees/build-tree.ts";
import { float32AtMost, lastFloat32Where, nextFloat32Below } from "../../trees/float32.ts";
import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import type { InputColumn } from "./input-column.ts";
import { MODE, type NodeTable } from "./node-table.ts";

/**
 * Converts one node to its canonical split, so that each float32 row goes to the same child as in ONNX
 * Runtime: `<` becomes `≤` of the next smaller float32, and `>` and `≥` swap the children. A missing value
 * follows the comparison (false, but true for ≠), unless the node sends missing values to the yes child.
 * @param columns The columns of the tensor that the trees read, each as a function of a raw column.
 * @param chained Called with each further node of an equality chain that becomes a part of this split.
 * @throws ImportRejectedError for a column that does not exist, a comparison with NaN or infinity, and a test for equality on a
 *   computed column.
 */
export function nodeSplit(
  table: NodeTable,
  node: number,
  columns: readonly InputColumn[],
  chained: (node: number) => void,
): SourceSplit<number> {
  const feature = table.feature[node];
  const column = columns[feature];
  if (column === undefined) {
    throw new ImportRejectedError(
      "malformed",
      `a node reads column ${feature} of ${columns.length}: the file is damaged, or its converter lost columns (skl2onnx loses those of SimpleImputer(add_indicator=True))`,
    );
  }
  const mode = table.mode[node];
  if (mode === MODE.equal || mode === MODE.notEqual || mode === MODE.member) {
    return setSplit(table, node, column, chained);
  }
  checkThreshold(table, node);
  return column.map === null ? rawSplit(table, node, column.base) : computedSplit(table, node, column, column.map);
}

function checkThreshold(table: NodeTable, node: number): void {
  const split = table.split[node];
  if (Number.isFinite(split)) return;
  const separatesMissing = !Number.isNaN(split) && table.mode[node] === MODE.lessOrEqual;
  if (!(separatesMissing && table.infiniteSplits)) {
    throw new ImportRejectedError("malformed", `a node compares with ${split}`);
  }
}

function rawSplit(table: NodeTable, node: number, feature: number): SourceSplit<number> {
  const split = table.split[node];
  const mode = table.mode[node];
  const yesIsLeft = mode === MODE.lessOrEqual || mode === MODE.less;
  // Rows are float32, also where the runtime compares them with doubles. The last float32 that `≤ t` (or its
  // opposite `> t`) sends left is at or below t; that of `< t` (or `≥ t`) is below t.
  const floor = float32AtMost(split);
  const includesSplit = mode === MODE.lessOrEqual || mode === MODE.greater;
  const threshold = includesSplit || floor < split ? floor : nextFloat32Below(floor);
  const question = { feature, threshold, members: null, ...(floor < split && { exact: split }) };
  return sides(table, node, yesIsLeft, question, table.missingYes[node] === 1);
}

function computedSplit(
  table: NodeTable,
  node: number,
  column: InputColumn,
  map: (x: number) => number,
): SourceSplit<number> {
  const split = table.split[node];
  const mode = table.mode[node];
  const holds = (value: number): boolean => {
    if (mode === MODE.lessOrEqual) return value <= split;
    if (mode === MODE.less) return value < split;
    return mode === MODE.greater ? value > split : value >= split;
  };
  const yesIsLeft = (mode === MODE.lessOrEqual || mode === MODE.less) === column.rising;
  const last = lastFloat32Where((x) => holds(map(x)) === yesIsLeft);
  const ofMissing = map(Number.NaN);
  const missingYes = Number.isNaN(ofMissing) ? table.missingYes[node] === 1 : holds(ofMissing);
  const feature = column.base;
  return sides(table, node, yesIsLeft, { feature, threshold: last, members: null }, missingYes);
}

function setSplit(
  table: NodeTable,
  node: number,
  column: InputColumn,
  chained: (node: number) => void,
): SourceSplit<number> {
  if (column.map !== null) {
    throw new ImportRejectedError(
      "unsupported",
      "a node asks whether a computed (scaled, cast or imputed) column equals a value",
    );
  }
  const missingYes = table.missingYes[node] === 1;
  const feature = column.base;
  switch (table.mode[node]) {
    case MODE.equal:
      return equalityChain(table, node, feature, chained);
    case MODE.notEqual: {
      // NaN ≠ split is true, so a missing value goes to the yes child whatever the flag is.
      const members = memberSet([table.split[node]]);
      return sides(table, node, false, { feature, threshold: 0, members }, true);
    }
    default: {
      const members = memberSet(table.members.get(node) ?? []);
      return sides(table, node, true, { feature, threshold: 0, members }, missingYes);
    }
  }
}

/**
 * Follows the `no` children as long as they test the same feature for equality with another value and have
 * the same `yes` child.
 */
function equalityChain(
  table: NodeTable,
  head: number,
  feature: number,
  chained: (node: number) => void,
): SourceSplit<number> {
  const yes = table.yes[head];
  const values = [table.split[head]];
  const missingYes = table.missingYes[head] === 1;
  let no = table.no[head];
  while (table.mode[no] === MODE.equal && table.feature[no] === table.feature[head] && table.yes[no] === yes) {
    chained(no);
    // The runtime may evaluate a chain as one membership test or node by node. The results differ only with
    // these flags.
    if (!missingYes && table.missingYes[no] === 1) {
      throw new ImportRejectedError("unsupported", "a chain of equality nodes treats missing values in two ways");
    }
    values.push(table.split[no]);
    no = table.no[no];
  }
  const members = memberSet(values);
  return { feature, threshold: 0, members, left: yes, right: no, defaultLeft: missingYes, levels: values.length };
}

/** Returns the distinct values as float32, ascending. */
function memberSet(values: readonly number[]): Float32Array {
  if (!values.every(Number.isFinite))
    throw new ImportRejectedError("malformed", "a set of values holds NaN or infinity");
  return Float32Array.from(new Set(values.map(Math.fround))).sort();
}

function sides(
  table: NodeTable,
  node: number,
  yesIsLeft: boolean,
  question: Pick<SourceSplit<number>, "feature" | "threshold" | "members" | "exact">,
  missingYes: boolean,
): SourceSplit<number> {
  const yes = table.yes[node];
  const no = table.no[node];
  return {
    ...question,
    left: yesIsLeft ? yes : no,
    right: yesIsLeft ? no : yes,
    defaultLeft: missingYes === yesIsLeft,
  };
}
