import type { AlertChanges } from "@bellwether/risk-model/promotion/parity-checks";
import type { MeasuredVersion } from "./measure-messages.ts";

/** The limits of the score rule of an active rule set. */
export interface AlertLimits {
  /** Regions to whose suppliers the set applies. Empty: all regions. */
  readonly regions: readonly string[];
  /** Categories, as for the regions. If both are empty: all suppliers to which no other set applies. */
  readonly categories: readonly string[];
  /** A score of at least this raises an alert. */
  readonly raise: number;
  /** A score below this clears an alert. */
  readonly clear: number;
}

/** Suppliers with an open alert. */
export interface OpenAlerts {
  /** Null: not known, which a person has to decide about. */
  readonly suppliers: ReadonlySet<string> | null;
  /** Which alerts these are, for example "open alerts of ops-service". */
  readonly text: string;
  /** The active rule sets, of which at most one applies to a supplier. Default: only the bands are compared. */
  readonly limits?: readonly AlertLimits[];
}

/** The suppliers of both versions, one element a row. */
export interface ComparedAlerts {
  readonly champion: Pick<MeasuredVersion, "scores" | "contract">;
  readonly challenger: Pick<MeasuredVersion, "scores" | "contract">;
  readonly supplierIds: readonly string[];
  /** The newest row of each supplier. */
  readonly newest: Uint32Array;
  /** Null: the suppliers in the band high of the champion stand for the open alerts. */
  readonly openAlerts: OpenAlerts | null;
  readonly scopeOf: (row: number) => { readonly region: string; readonly category: string };
}

/**
 * Returns what of the open alerts would change. An alert closes when the supplier leaves the band high, or when its score falls below the
 * clear limit of its rule set; a new one opens when the supplier enters the band, or reaches the raise limit. Of alerts of suppliers whom
 * neither version flags, a promotion changes none.
 */
export function alertChanges(compared: ComparedAlerts): AlertChanges | null {
  const { champion, challenger, supplierIds, newest, openAlerts, scopeOf } = compared;
  if (openAlerts?.suppliers === null) return null;
  const sets = openAlerts?.limits ?? [];
  const limitsOf = createLimits(sets);
  const scoreOf = ({ scores }: ComparedAlerts["champion"], row: number): number => scores[row] ?? Number.NaN;
  const isHigh = (version: ComparedAlerts["champion"], row: number): boolean =>
    scoreOf(version, row) >= version.contract.bands.high;
  let [open, closed, opened, unflagged] = [0, 0, 0, 0];
  for (const row of newest) {
    const [before, after] = [isHigh(champion, row), isHigh(challenger, row)];
    const [was, is] = [scoreOf(champion, row), scoreOf(challenger, row)];
    const limits = sets.length === 0 ? undefined : limitsOf(scopeOf(row));
    const clears = limits !== undefined && was >= limits.clear && is < limits.clear;
    const raises = limits !== undefined && was < limits.raise && is >= limits.raise;
    const isOpen = openAlerts === null ? before : (openAlerts.suppliers?.has(supplierIds[row] ?? "") ?? false);
    if (isOpen) open++;
    if (isOpen && !before && !after && !clears) unflagged++;
    if (isOpen && ((before && !after) || clears)) closed++;
    if (!isOpen && ((after && !before) || raises)) opened++;
  }
  const text = openAlerts?.text ?? "the suppliers in band high of the champion";
  const by = sets.length === 0 ? "" : ", by band high and the limits of the alert rules";
  const others = unflagged === 0 ? "" : `; neither version flags ${unflagged} of them on these rows`;
  return { open, closed, opened, text: `${text}${by}${others}` };
}

/** Returns the function that finds the limits of a supplier. Undefined: no set applies to it. */
function createLimits(sets: readonly AlertLimits[]) {
  const has = (values: readonly string[], value: string): boolean => values.length === 0 || values.includes(value);
  const rest = sets.find(({ regions, categories }) => regions.length === 0 && categories.length === 0);
  const named = sets.filter((set) => set !== rest);
  return ({ region, category }: { readonly region: string; readonly category: string }): AlertLimits | undefined =>
    named.find(({ regions, categories }) => has(regions, region) && has(categories, category)) ?? rest;
}
