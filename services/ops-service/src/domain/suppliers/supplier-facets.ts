import type { Band } from "@bellwether/contract/band-codes";
import type { ChangeDirection, Facet, SupplierFilter } from "./supplier.ts";

/** Number of suppliers of a run with the same values. Regions and categories are ids of labels; 0: none. */
export interface SupplierGroup {
  readonly band: Band;
  readonly region: number;
  readonly category: number;
  readonly change: ChangeDirection;
  /** Number of features with a value. Null: not recorded. */
  readonly present: number | null;
  readonly suppliers: number;
  /** The lowest and the highest score of the group. Null: without a score. */
  readonly minScore: number | null;
  readonly maxScore: number | null;
}

/** The scores of some groups. */
export interface ScoreRange {
  readonly min: number;
  readonly max: number;
  /** Number of suppliers of the groups. */
  readonly suppliers: number;
}

/** Returns the range of the scores in some bands. Null: no supplier of them has a score. */
export function scoreRange(groups: readonly SupplierGroup[], bands: readonly Band[]): ScoreRange | null {
  const scored = groups.filter(({ band, minScore }) => bands.includes(band) && minScore !== null);
  if (scored.length === 0) return null;
  return {
    min: scored.reduce((least, { minScore }) => Math.min(least, minScore ?? least), Number.POSITIVE_INFINITY),
    max: scored.reduce((most, { maxScore }) => Math.max(most, maxScore ?? most), Number.NEGATIVE_INFINITY),
    suppliers: scored.reduce((sum, { suppliers }) => sum + suppliers, 0),
  };
}

/** The conditions of a filter that groups can answer, with labels as ids. */
export interface GroupFilter extends Pick<SupplierFilter, "bands" | "changes" | "completenessBelow"> {
  /** Ids of labels; 0: none. An id of -1 matches no group: the label does not exist. */
  readonly regions: readonly number[];
  readonly categories: readonly number[];
}

/** Maximum number of values of one facet. */
export const MAX_FACET_VALUES = 50;

type Field = "band" | "region" | "category";

/** Whether a group meets all conditions, except those on `ignored`. */
function meets(group: SupplierGroup, filter: GroupFilter, features: number, ignored?: Field): boolean {
  const { bands, regions, categories, changes, completenessBelow: limit } = filter;
  return (
    (ignored === "band" || bands.length === 0 || bands.includes(group.band)) &&
    (ignored === "region" || regions.length === 0 || regions.includes(group.region)) &&
    (ignored === "category" || categories.length === 0 || categories.includes(group.category)) &&
    (changes.length === 0 || changes.includes(group.change)) &&
    (limit === undefined || (group.present !== null && features > 0 && group.present / features < limit))
  );
}

/** Returns the groups of some regions and categories. @param labels undefined: all groups */
export function groupsWithin(
  groups: readonly SupplierGroup[],
  labels: Pick<GroupFilter, "regions" | "categories"> | undefined,
): readonly SupplierGroup[] {
  if (!labels) return groups;
  const filter = { ...labels, bands: [], changes: [], completenessBelow: undefined };
  return groups.filter((group) => meets(group, filter, 0));
}

/** Returns the number of suppliers that meet a filter. @param features number of features of the run's model */
export function countSuppliers(groups: readonly SupplierGroup[], filter: GroupFilter, features: number): number {
  return groups.reduce((sum, group) => sum + (meets(group, filter, features) ? group.suppliers : 0), 0);
}

/** Returns groups without the suppliers of others, which must be part of them. */
export function withoutGroups(
  groups: readonly SupplierGroup[],
  others: readonly SupplierGroup[],
): readonly SupplierGroup[] {
  const keyOf = ({ band, region, category, change, present }: SupplierGroup): string =>
    `${band}/${region}/${category}/${change}/${present}`;
  const left = new Map(others.map((group) => [keyOf(group), group.suppliers]));
  return groups.map((group) => ({ ...group, suppliers: group.suppliers - (left.get(keyOf(group)) ?? 0) }));
}

/** Numbers of suppliers by filter value, most suppliers first. Regions and categories are ids of labels; 0: none. */
export interface GroupFacets {
  readonly bands: readonly Facet<Band>[];
  readonly regions: readonly Facet<number>[];
  readonly categories: readonly Facet<number>[];
  /** Whether labels with few suppliers were left out. */
  readonly regionsTruncated: boolean;
  readonly categoriesTruncated: boolean;
}

/**
 * Returns the numbers of suppliers by band, region and category. Each facet ignores the conditions on its own
 * field, so that it shows what another choice would find.
 */
export function supplierFacets(groups: readonly SupplierGroup[], filter: GroupFilter, features: number): GroupFacets {
  const facet = <F extends Field>(field: F): Facet<SupplierGroup[F]>[] => {
    const sums = new Map<SupplierGroup[F], number>();
    for (const group of groups)
      if (meets(group, filter, features, field))
        sums.set(group[field], (sums.get(group[field]) ?? 0) + group.suppliers);
    return [...sums]
      .flatMap(([value, suppliers]) => (suppliers > 0 ? [{ value, suppliers }] : []))
      .sort((a, b) => b.suppliers - a.suppliers);
  };
  const [regions, categories] = [facet("region"), facet("category")];
  return {
    bands: facet("band"),
    regions: regions.slice(0, MAX_FACET_VALUES),
    categories: categories.slice(0, MAX_FACET_VALUES),
    regionsTruncated: regions.length > MAX_FACET_VALUES,
    categoriesTruncated: categories.length > MAX_FACET_VALUES,
  };
}
