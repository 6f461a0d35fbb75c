import type { LabelledRows } from "@bellwether/drift/quality/labelled-rows";
import type { Day, WeekLabels } from "./label-week.ts";
import { createSetFinder, type RuleLimits } from "./rule-limits.ts";
import type { RunScores } from "./run-scores.ts";

/** Which suppliers of a week are examined, by rule set. Null: not known. */
interface WeekSelections {
  readonly model: readonly Selected[];
  readonly scorecard: readonly Selected[] | null;
}

/** Collects the rows of all weeks, oldest week first. @param isCompared whether the rows have scores of a scorecard */
export function createRows(ruleSets: readonly RuleLimits[], isCompared: boolean) {
  const setOf = createSetFinder(ruleSets);
  const columns = {
    scores: [] as number[],
    labels: [] as number[],
    weights: [] as number[],
    suppliers: [] as number[],
  };
  const further = {
    capacityShares: [] as number[],
    flags: [] as number[],
    baseRates: [] as number[],
    lastLabels: [] as number[],
  };
  const reference = { scores: [] as number[], flags: [] as number[], capacityShares: [] as number[] };
  const [regions, categories, exposures] = [[] as string[], [] as string[], [] as number[]];
  /** The labels of each supplier, oldest week first. */
  const labelsOf = new Map<number, { readonly known: Day; readonly label: number }[]>();
  /** Weight of all labels, and of the positive ones, by the day from which they were known. */
  const byDay = new Map<Day, { all: number; positive: number }>();
  return {
    length: () => columns.scores.length,
    add(
      end: Day,
      scores: RunScores,
      { positions, labels, weights, known }: WeekLabels,
      selections: WeekSelections,
    ): void {
      const baseRate = baseRateOn(byDay, end);
      for (const [k, position] of positions.entries()) {
        const supplier = scores.suppliers[position] ?? -1;
        const score = scores.scores[position] ?? Number.NaN;
        columns.scores.push(score);
        columns.labels.push(labels[k] ?? 0);
        columns.weights.push(weights[k] ?? 1);
        columns.suppliers.push(supplier);
        const [region, category] = [scores.regions[position] ?? "", scores.categories[position] ?? ""];
        const set = setOf(region, category);
        const threshold = ruleSets[set]?.threshold ?? Number.POSITIVE_INFINITY;
        further.capacityShares.push(capacityShare(score, selections.model[set] ?? "none"));
        further.flags.push(score >= threshold ? 1 : 0);
        if (isCompared) {
          const other = scores.scorecardScores[position] ?? Number.NaN;
          reference.scores.push(other);
          reference.flags.push(other >= threshold ? 1 : 0);
          const isKnown = selections.scorecard !== null && !Number.isNaN(other);
          const share = capacityShare(other, selections.scorecard?.[set] ?? "none");
          reference.capacityShares.push(isKnown ? share : Number.NaN);
        }
        further.baseRates.push(baseRate);
        further.lastLabels.push(labelsOf.get(supplier)?.findLast((label) => label.known <= end)?.label ?? -1);
        regions.push(region);
        categories.push(category);
        exposures.push(scores.exposures[position] ?? Number.NaN);
      }
      for (const [k, position] of positions.entries()) {
        const [supplier, label, day, weight] = [
          scores.suppliers[position] ?? -1,
          labels[k] ?? 0,
          known[k] ?? 0,
          weights[k] ?? 1,
        ];
        const own = labelsOf.get(supplier);
        if (own) own.push({ known: day, label });
        else labelsOf.set(supplier, [{ known: day, label }]);
        const sums = byDay.get(day) ?? { all: 0, positive: 0 };
        byDay.set(day, { all: sums.all + weight, positive: sums.positive + weight * label });
      }
    },
    finish() {
      const numbers = new Map<number, number>();
      const clusterOf = Uint32Array.from(columns.suppliers, (supplier) => {
        const known = numbers.get(supplier) ?? numbers.size;
        numbers.set(supplier, known);
        return known;
      });
      const rows: LabelledRows = {
        scores: Float64Array.from(columns.scores),
        labels: Uint8Array.from(columns.labels),
        weights: Float64Array.from(columns.weights),
        ...{ clusterOf, clusters: numbers.size },
        capacityShares: Float64Array.from(further.capacityShares),
        flags: Float64Array.from(further.flags),
        baseRates: Float64Array.from(further.baseRates),
        lastLabels: Int8Array.from(further.lastLabels),
        ...(isCompared && {
          reference: {
            scores: Float64Array.from(reference.scores),
            flags: Float64Array.from(reference.flags),
            capacityShares: Float64Array.from(reference.capacityShares),
          },
        }),
      };
      const segments = [
        { name: "region", segmentOf: regions },
        { name: "category", segmentOf: categories },
        { name: "size", segmentOf: sizesOf(exposures) },
      ];
      return { rows, segments };
    },
  };
}

/** Returns the share of positives among the labels that were known on a day. NaN: there were none. */
function baseRateOn(byDay: ReadonlyMap<Day, { readonly all: number; readonly positive: number }>, day: Day): number {
  let [all, positive] = [0, 0];
  for (const [known, sums] of byDay) {
    if (known > day) continue;
    all += sums.all;
    positive += sums.positive;
  }
  return all > 0 ? positive / all : Number.NaN;
}

/** The score of the k-th place, and the share of a place that each supplier with this score has; or all suppliers, or none. */
export type Selected = { readonly score: number; readonly share: number } | "all" | "none";

/** Returns the share of a supplier that is selected. */
function capacityShare(score: number, selected: Selected): number {
  if (selected === "none") return 0;
  if (selected === "all" || score > selected.score) return 1;
  return score < selected.score ? 0 : selected.share;
}

/** Returns the third of the known exposures in which each one is. */
function sizesOf(exposures: readonly number[]): string[] {
  const known = exposures.filter((exposure) => !Number.isNaN(exposure)).sort((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [1 / 3, 2 / 3].map((share) => known[Math.floor(share * known.length)]);
  return exposures.map((exposure) =>
    Number.isNaN(exposure) ? "" : exposure < low ? "small" : exposure < high ? "medium" : "large",
  );
}
