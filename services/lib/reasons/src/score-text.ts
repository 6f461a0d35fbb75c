/** With so many decimals, the text of a number in [0, 1] is the number. */
const MAX_DIGITS = 17;

/**
 * Returns how many decimals a score is shown with: two, or more where they are needed to show on which side of each
 * limit it is. With two decimals, 0.3999 would be "0.40" although it is below a limit of 0.4.
 */
export function scoreDigits(score: number, limits: readonly number[]): number {
  const isTrue = (text: string): boolean => limits.every((limit) => Number(text) >= limit === score >= limit);
  for (let digits = 2; digits < MAX_DIGITS; digits++) if (isTrue(score.toFixed(digits))) return digits;
  return MAX_DIGITS;
}

/** Returns a score with the decimals of `scoreDigits`. */
export const scoreText = (score: number, limits: readonly number[]): string =>
  score.toFixed(scoreDigits(score, limits));
