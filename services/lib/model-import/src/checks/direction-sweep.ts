import type { BundleColumn, BundleFeature } from "@bellwether/risk-model/bundle/feature-bundle";
import { nextFloat32Above } from "@bellwether/tree-model/trees/float32";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import { pickColumn, predictRows } from "./agreement.ts";

/** A feature whose values move the output of a model against the declared direction. */
export interface DirectionViolation {
  readonly feature: string;
  readonly direction: "raises" | "lowers";
  /** Number of swept rows on which a higher value moves the output in the wrong direction. */
  readonly rows: number;
  readonly sweptRows: number;
  /**
   * The step with the largest wrong change of the output (`from`, `to`), and the size of that change, above
   * 0, in units of the output.
   */
  readonly from: number;
  readonly to: number;
  readonly move: number;
}

/** Maximum number of rows whose values are swept. */
const MAX_ROWS = 64;
/** Maximum number of values that a feature takes in a sweep. */
const MAX_VALUES = 65;
/** Changes below this share of the row's largest output count as rounding. */
const TOLERANCE = 1e-6;

/**
 * Sweeps each numeric feature with a declared direction over the thresholds of the trees, with the rest of
 * the row unchanged, and compares the outputs of neighbouring values. It finds violations. When it finds
 * none, this does not prove that there are none between the values that it tried.
 * @param rows Row-major float32 `[n × model.features]`; the first 64 are swept.
 * @param output Index of the output that is served; null: the model has one output.
 */
export function sweepDirections(
  model: TreeModel,
  output: number | null,
  rows: Float32Array,
  features: readonly BundleFeature[],
  columns: readonly BundleColumn[],
): DirectionViolation[] {
  const width = model.features;
  const n = Math.min(MAX_ROWS, rows.length / width);
  return features.flatMap((feature) => {
    if (feature.direction === "unknown") return [];
    const column = columns.findIndex(({ kind, feature: name }) => kind === "numeric" && name === feature.name);
    if (column < 0) return [];
    const values = sweptValues(model, column);
    const sign = feature.direction === "raises" ? 1 : -1;
    let worst = { from: 0, to: 0, move: 0 };
    let wrongRows = 0;
    for (let row = 0; row < n; row++) {
      const swept = new Float32Array(values.length * width);
      for (const [i, value] of values.entries()) {
        swept.set(rows.subarray(row * width, (row + 1) * width), i * width);
        swept[i * width + column] = value;
      }
      const answers = pickColumn(predictRows(model, swept), model.outputs, output);
      const least = TOLERANCE * answers.reduce((most, answer) => Math.max(most, Math.abs(answer)), 1e-30);
      let isWrong = false;
      for (let i = 1; i < values.length; i++) {
        const move = -sign * (answers[i] - answers[i - 1]);
        if (!(move > least)) continue;
        isWrong = true;
        if (move > worst.move) worst = { from: values[i - 1], to: values[i], move };
      }
      if (isWrong) wrongRows++;
    }
    if (wrongRows === 0) return [];
    return [{ feature: feature.name, direction: feature.direction, rows: wrongRows, sweptRows: n, ...worst }];
  });
}

/**
 * Returns a value in each interval between the thresholds of a column, ascending. Beyond `MAX_VALUES`
 * intervals, the values are spread evenly over them.
 */
function sweptValues(model: TreeModel, column: number): Float32Array {
  const cuts = new Set<number>();
  for (const tree of model.trees)
    for (const [node, feature] of tree.feature.entries())
      if (feature === column && !tree.members.has(node)) cuts.add(tree.threshold[node]);
  const sorted = Float32Array.from(cuts).filter(Number.isFinite).sort();
  const [first] = sorted;
  if (first === undefined) return new Float32Array();
  const values = [first, ...Array.from(sorted, nextFloat32Above)];
  const step = Math.max(1, (values.length - 1) / (MAX_VALUES - 1));
  return Float32Array.from({ length: Math.min(values.length, MAX_VALUES) }, (_, i) => values[Math.round(i * step)]);
}

/** Returns a violation as a line of the model card. */
export function violationLine({ feature, direction, rows, sweptRows, from, to, move }: DirectionViolation): string {
  const verb = direction === "raises" ? "lowers" : "increases";
  const short = (x: number): string => String(Number(x.toPrecision(5)));
  return `\`${feature}\` is declared to ${direction === "raises" ? "raise" : "lower"} the risk, and a higher value ${verb} the output on ${rows} of ${sweptRows} rows: from ${short(from)} to ${short(to)} by ${short(move)}`;
}
