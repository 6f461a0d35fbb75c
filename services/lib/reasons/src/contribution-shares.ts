import type { FeatureContribution } from "./feature-info.ts";

/** How strong a contribution is. */
export type Strength = "strong" | "moderate" | "weak";

/** Smallest shares of the sum of all magnitudes with which a contribution is strong, and moderate. */
export const STRONG_SHARE = 0.15;
export const MODERATE_SHARE = 0.05;

/** Returns the strength of a contribution by its share of the sum of all magnitudes, in [0, 1]. */
export function strengthOf(share: number): Strength {
  if (share >= STRONG_SHARE) return "strong";
  return share >= MODERATE_SHARE ? "moderate" : "weak";
}

/** A contribution with its share of the sum of all magnitudes, in [0, 1]. */
export interface SharedContribution {
  readonly entry: FeatureContribution;
  readonly share: number;
}

/** The contributions that a reader asked for, and what was left out. */
export interface ContributionSelection {
  readonly kept: readonly SharedContribution[];
  /** Number of contributions that were left out, and their sum. */
  readonly omittedCount: number;
  readonly omitted: number;
}

/**
 * Returns at most `max` contributions with at least a share. The sum of what is left out is returned too, so that the
 * explanation still adds up.
 * @param contributions All contributions of a score, largest magnitude first.
 * @param max 0: all.
 * @param minShare In [0, 1].
 */
export function selectContributions(
  contributions: readonly FeatureContribution[],
  { max, minShare }: { readonly max: number; readonly minShare: number },
): ContributionSelection {
  const total = contributions.reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
  const kept: SharedContribution[] = [];
  let omitted = 0;
  for (const entry of contributions) {
    const share = total === 0 ? 0 : Math.abs(entry.contribution) / total;
    if (share >= minShare && (max === 0 || kept.length < max)) kept.push({ entry, share });
    else omitted += entry.contribution;
  }
  return { kept, omittedCount: contributions.length - kept.length, omitted };
}
