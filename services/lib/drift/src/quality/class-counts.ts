import type { LabelledRows } from "./labelled-rows.ts";

/** Number of suppliers with, and without, the risk below which an interval is not reliable. */
export const MIN_CLASS_SUPPLIERS = 10;

/** Returns why the figures of rows have no intervals, in one sentence. Empty: they have. */
export function intervalNote(rows: number, positives: number, negatives: number): string {
  if (rows === 0) return "no outcome is known";
  if (positives === 0) return "the risk occurred at no supplier, so the ranking cannot be measured";
  if (negatives === 0) return "the risk occurred at every supplier with an outcome, so the ranking cannot be measured";
  if (positives >= MIN_CLASS_SUPPLIERS && negatives >= MIN_CLASS_SUPPLIERS) return "";
  const [few, which] = positives < negatives ? [positives, "with"] : [negatives, "without"];
  return `no intervals: they need ${MIN_CLASS_SUPPLIERS} suppliers ${which} the risk, and there are ${few}`;
}

/** Counts the suppliers with a positive row, with a negative row, and with any. */
export function countSuppliers({
  labels,
  clusterOf,
  clusters,
}: LabelledRows): readonly [positives: number, negatives: number, all: number] {
  const classes = new Uint8Array(clusters);
  for (let i = 0; i < labels.length; i++) classes[clusterOf[i]] |= labels[i] === 1 ? 1 : 2;
  const count = (mask: number): number => classes.reduce((total, bits) => total + ((bits & mask) > 0 ? 1 : 0), 0);
  return [count(1), count(2), count(3)];
}
