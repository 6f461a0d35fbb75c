import { type CellRows, TRIMMED_SHARE } from "../profile/cells.ts";

/** A value with the share of the rows that have it. */
interface Mass {
  readonly value: number;
  readonly share: number;
}

/** Difference between two distributions, in the unit of the feature. */
export interface Transport {
  /** Wasserstein distance of order 1: the mean distance by which rows must move, 0 or more. */
  readonly distance: number;
  /** Difference of the means, present − reference. */
  readonly shift: number;
  readonly referenceMean: number;
  readonly presentMean: number;
}

/**
 * Compares two distributions over the same cells. The half percent of the rows at each end does not count, so that a
 * single wrong value decides nothing (Munk & Czado, Journal of the Royal Statistical Society B 60, 1998: trimmed
 * Wasserstein distance). Both samples must have rows.
 */
export function transport(reference: CellRows, present: CellRows): Transport {
  const [from, to] = [massesOf(reference), massesOf(present)];
  let [distance, referenceMean, presentMean] = [0, 0, 0];
  let [i, j, at] = [0, 0, 0];
  let [endI, endJ] = [from[0].share, to[0].share];
  while (at < 1 - TRIMMED_SHARE) {
    const next = Math.min(endI, endJ, 1 - TRIMMED_SHARE);
    const share = Math.max(0, next - Math.max(at, TRIMMED_SHARE));
    distance += share * Math.abs(to[j].value - from[i].value);
    referenceMean += share * from[i].value;
    presentMean += share * to[j].value;
    at = next;
    if (at >= 1 - TRIMMED_SHARE) break;
    if (endI <= at && i < from.length - 1) endI += from[++i].share;
    else if (endI <= at) endI = 1;
    if (endJ <= at && j < to.length - 1) endJ += to[++j].share;
    else if (endJ <= at) endJ = 1;
  }
  const kept = 1 - 2 * TRIMMED_SHARE;
  const means = { referenceMean: referenceMean / kept, presentMean: presentMean / kept };
  return { distance: distance / kept, shift: means.presentMean - means.referenceMean, ...means };
}

/**
 * Returns the standard deviation of a distribution whose values beyond a share of the rows at each end are replaced by the
 * value there (winsorized; Tukey, "The future of data analysis", Annals of Mathematical Statistics 33, 1962).
 */
export function winsorizedDeviation(rows: CellRows, share: number): number {
  const masses = massesOf(rows);
  const [low, high] = [quantile(masses, Math.min(share, 0.5)), quantile(masses, 1 - Math.min(share, 0.5))];
  const clipped = masses.map((mass) => ({ ...mass, value: Math.min(high, Math.max(low, mass.value)) }));
  const mean = clipped.reduce((sum, mass) => sum + mass.share * mass.value, 0);
  return Math.sqrt(clipped.reduce((sum, mass) => sum + mass.share * (mass.value - mean) ** 2, 0));
}

/** Returns the rows of both samples, each sample with the same weight. */
export function mixed(reference: CellRows, present: CellRows): CellRows {
  const [a, b] = [total(reference.counts), total(present.counts)];
  const counts = reference.counts.map((count, cell) => count / a + present.counts[cell] / b);
  const typical = reference.typical.map((value, cell) => {
    const [p, q] = [reference.counts[cell] / a, present.counts[cell] / b];
    if (p === 0 || q === 0) return q === 0 ? value : present.typical[cell];
    return (p * value + q * present.typical[cell]) / (p + q);
  });
  return { counts, typical };
}

/**
 * Returns the distance that two samples of one distribution are expected to have by chance:
 * ∫ √(2/π · F (1 − F) · variance) dx, since the difference of two distribution functions is nearly normal at each value.
 * @param pooled both samples together
 * @param variance 1/n + 1/m for independent samples of n and m rows, less for pairs
 */
export function expectedDistance(pooled: CellRows, variance: number): number {
  const masses = massesOf(pooled);
  let [below, sum] = [0, 0];
  for (let i = 0; i + 1 < masses.length; i++) {
    below += masses[i].share;
    if (below < TRIMMED_SHARE || below > 1 - TRIMMED_SHARE) continue;
    sum += Math.sqrt(below * (1 - below)) * (masses[i + 1].value - masses[i].value);
  }
  return (sum * Math.sqrt((2 / Math.PI) * variance)) / (1 - 2 * TRIMMED_SHARE);
}

function massesOf({ counts, typical }: CellRows): Mass[] {
  const rows = total(counts);
  const masses: Mass[] = [];
  for (const [cell, count] of counts.entries())
    if (count > 0) masses.push({ value: typical[cell], share: count / rows });
  return masses;
}

function quantile(masses: readonly Mass[], share: number): number {
  let below = 0;
  for (const mass of masses) {
    below += mass.share;
    if (below >= share) return mass.value;
  }
  return masses[masses.length - 1].value;
}

/** Returns the sum of the counts. */
export function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
