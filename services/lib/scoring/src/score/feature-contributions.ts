import type { FeatureContribution } from "@bellwether/reasons/feature-info";
import type { BundleFeature, FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { textOfCode } from "@bellwether/risk-model/features/category-codes";
import { columnName } from "@bellwether/risk-model/features/vectorize";

export type { FeatureContribution };

/** Lists the contributions of one bundle; see `featureContributions`. */
type ListContributions = (
  row: Float32Array,
  contributions: Float32Array,
  given: Readonly<Record<string, number>>,
  top: number,
) => FeatureContribution[];

const lists = new WeakMap<FeatureBundle, ListContributions>();

/**
 * Returns the `top` largest contributions by feature (all columns of a category are one feature). Largest magnitude
 * first; ties are in the model's order.
 * @param row The model's row, `[columns]`. @param contributions One per column.
 * @param given The supplier's own numbers. A feature that is not in it is missing, even when a default value was used for it.
 */
export function featureContributions(
  bundle: FeatureBundle,
  row: Float32Array,
  contributions: Float32Array,
  given: Readonly<Record<string, number>>,
  top = Number.POSITIVE_INFINITY,
): FeatureContribution[] {
  const list = lists.get(bundle) ?? createContributionList(bundle);
  lists.set(bundle, list);
  return list(row, contributions, given, top);
}

/** One feature, or one term of the text. */
interface Group {
  readonly name: string;
  readonly kind: "numeric" | "term" | "category";
  /** The feature, when its number is the code of a category. */
  readonly coded: BundleFeature | undefined;
  /** The columns of the group, with the category of each; a number or a term has one. */
  readonly columns: { readonly at: number; readonly category: string }[];
}

/** The features of a bundle are prepared once. Only the contributions that are returned are built. */
function createContributionList(bundle: FeatureBundle): ListContributions {
  const groups = groupsOf(bundle);
  const sums = new Float64Array(groups.length);
  /** Group of each column. */
  const groupAt = new Int32Array(bundle.columns.length);
  for (const [g, { columns }] of groups.entries()) for (const { at } of columns) groupAt[at] = g;
  const isSummed = Uint8Array.from(groupAt, (g) => (groups[g]?.kind === "category" ? 1 : 0));
  // Runs for every score: plain loops allocate nothing.
  return (row, contributions, given, top) => {
    sums.fill(0);
    for (let at = 0; at < groupAt.length; at++) {
      const g = groupAt[at] as number;
      const contribution = contributions[at] as number;
      // A single column is assigned, which keeps a negative zero.
      sums[g] = isSummed[at] === 1 ? (sums[g] as number) + contribution : contribution;
    }
    return largest(sums, top).map((g) => entryOf(groups[g] as Group, sums[g] as number, row, given));
  };
}

function groupsOf(bundle: FeatureBundle): Group[] {
  const coded = new Map(bundle.features.filter(({ codes }) => codes !== undefined).map((f) => [f.name, f]));
  const groups = new Map<string, Group>();
  for (const [at, column] of bundle.columns.entries()) {
    const name = column.kind === "category" ? column.feature : columnName(column);
    const known = groups.get(name);
    const category = column.kind === "category" ? column.category : "";
    if (known !== undefined && column.kind === "category") known.columns.push({ at, category });
    else groups.set(name, { name, kind: column.kind, coded: coded.get(name), columns: [{ at, category }] });
  }
  return [...groups.values()];
}

function entryOf(
  { name, kind, coded, columns }: Group,
  contribution: number,
  row: Float32Array,
  given: Readonly<Record<string, number>>,
): FeatureContribution {
  if (kind === "category") {
    const category = columns.findLast(({ at }) => row[at] === 1)?.category ?? "";
    return { feature: name, value: null, category, contribution };
  }
  const x = row[columns[0]?.at ?? 0] as number;
  const value = kind === "term" ? x : Object.hasOwn(given, name) ? (given[name] ?? null) : null;
  return { feature: name, value, category: coded === undefined ? "" : textOfCode({ feature: coded }, x), contribution };
}

/** Returns the indexes of the `top` values with the largest magnitudes, largest first; of equal ones, the first. */
function largest(values: Float64Array, top: number): number[] {
  if (top >= values.length || hasNaN(values))
    return Array.from(values.keys())
      .sort((a, b) => Math.abs(values[b] as number) - Math.abs(values[a] as number))
      .slice(0, top);
  const found: number[] = [];
  if (top === 0) return found;
  const magnitudeAt = (place: number): number => Math.abs(values[found[place] as number] as number);
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i] as number);
    if (found.length === top && magnitude <= magnitudeAt(top - 1)) continue;
    let place = found.length;
    while (place > 0 && magnitudeAt(place - 1) < magnitude) place--;
    found.splice(place, 0, i);
    if (found.length > top) found.pop();
  }
  return found;
}

function hasNaN(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}
