import type { BundleColumn, FeatureBundle } from "./feature-bundle.ts";

/**
 * Returns where the parts of a bundle contradict each other, in words, or null. The type of each part must
 * already be checked.
 */
export function checkParts(bundle: FeatureBundle): string | null {
  const features = new Map(bundle.features.map((feature) => [feature.name, feature]));
  if (features.size < bundle.features.length) return "features: two have the same name";
  const categories = new Map(bundle.features.map(({ name, categories }) => [name, new Set(categories)]));
  const terms = new Set(bundle.text?.terms);
  const isKnown = (column: BundleColumn): boolean => {
    if (column.kind === "term") return column.feature === bundle.text?.feature && terms.has(column.term);
    if (features.get(column.feature)?.kind !== column.kind) return false;
    return column.kind === "numeric" || categories.get(column.feature)?.has(column.category) === true;
  };
  for (const [c, column] of bundle.columns.entries())
    if (!isKnown(column))
      return `columns[${c}]: features and text of the bundle do not describe this ${column.kind} of "${column.feature}"`;
  const width = bundle.columns.length;
  for (const [i, { row }] of bundle.golden.entries())
    if (row.length !== width) return `golden[${i}].row: expected ${width} columns, found ${row.length}`;
  if (bundle.explanation.kind !== "interventional") return null;
  for (const [i, row] of bundle.explanation.rows.entries())
    if (row.length !== width) return `explanation.rows[${i}]: expected ${width} columns, found ${row.length}`;
  return null;
}
