/**
 * Whether a score is incomplete: the share of the features that are known is below the limit of the risk policy. Such a score
 * must not look like a safe one.
 * @param completeness share of known features, in [0, 1]; null: not known, so the score does not count as incomplete
 */
export function isIncomplete(completeness: number | null, minCompleteness: number): boolean {
  return completeness !== null && completeness < minCompleteness;
}
