import type { Band } from "@bellwether/contract/band-codes";
import { createRandom, type Random } from "@bellwether/risk-model/random";
import { type ComparisonStatistics, comparisonStatistics } from "../src/comparison/comparison-statistics.ts";
import { createSummary } from "../src/comparison/comparison-sums.ts";

/** A simulated population of suppliers, some of which are scored many times. */
export interface Population {
  readonly suppliers: number;
  /** Largest number of rows of a supplier; few suppliers have it. */
  readonly maxRows: number;
  /** Share of the variance of the shift that the rows of a supplier have in common. */
  readonly common: number;
}

const SHIFT = 0.02;
const DEVIATION = 0.05;
const SEGMENTS = ["region=0", "region=1", "region=2", "region=3"];
const bandOf = (score: number): Band => (score >= 0.7 ? "high" : score >= 0.4 ? "medium" : "low");

/** Draws one comparison. Champion and challenger differ by a shift that the rows of a supplier share in part, and in no segment. */
export function simulateComparison({ suppliers, maxRows, common }: Population, random: Random): ComparisonStatistics {
  const summary = createSummary(SEGMENTS);
  const prefix = random.below(2 ** 30);
  for (let i = 0; i < suppliers; i++) {
    const rows = Math.max(1, Math.floor(maxRows ** random.uniform()));
    const [level, own] = [random.normal(), random.normal()];
    const segments = [SEGMENTS[random.below(4)] ?? ""];
    for (let row = 0; row < rows; row++) {
      const champion = 1 / (1 + Math.exp(-(level + 0.3 * random.normal())));
      const noise = Math.sqrt(common) * own + Math.sqrt(1 - common) * random.normal();
      const challenger = champion + SHIFT + DEVIATION * noise;
      summary.add({
        ...{ supplierId: `${prefix}-${i}`, atMs: row, times: null, segments },
        champion: { value: champion, band: bandOf(champion), reasons: null },
        challenger: { value: challenger, band: bandOf(challenger), reasons: null },
      });
    }
  }
  return comparisonStatistics(summary.sums());
}

/** The true figures: those of very many suppliers. */
export function trueFigures(population: Population): Figures {
  const all = simulateComparison({ ...population, suppliers: 200_000 }, createRandom(1, "truth"));
  const ranks = Array.from({ length: 60 }, (_, i) =>
    simulateComparison({ ...population, suppliers: 2_000 }, createRandom(i, "true ranks")),
  );
  const rank = ranks.reduce((sum, { rankCorrelation }) => sum + (rankCorrelation?.value ?? 0), 0) / ranks.length;
  return { shift: SHIFT, changed: all.changed?.value ?? 0, rank };
}

interface Figures {
  readonly shift: number;
  readonly changed: number;
  readonly rank: number;
}

/** How often the intervals of `runs` comparisons contain the true figures, and how often a segment is reported. */
export function coverage(
  population: Population,
  truth: Figures,
  runs: number,
): Figures & { readonly segments: number } {
  const hits = { shift: 0, changed: 0, rank: 0, segments: 0 };
  const random = createRandom(7, "coverage");
  for (let run = 0; run < runs; run++) {
    const { shift, changed, rankCorrelation, segments } = simulateComparison(population, random);
    if (isWithin(shift, truth.shift)) hits.shift++;
    if (isWithin(changed, truth.changed)) hits.changed++;
    if (isWithin(rankCorrelation, truth.rank)) hits.rank++;
    if (segments.found.length > 0) hits.segments++;
  }
  return {
    shift: hits.shift / runs,
    changed: hits.changed / runs,
    rank: hits.rank / runs,
    segments: hits.segments / runs,
  };
}

const isWithin = (
  estimate: { readonly low: number | null; readonly high: number | null } | null,
  truth: number,
): boolean =>
  estimate !== null &&
  estimate.low !== null &&
  estimate.high !== null &&
  estimate.low <= truth &&
  truth <= estimate.high;
