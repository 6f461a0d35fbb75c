/** Scores of cells by the rank of their rows among all rows of both samples. */
export interface RankScores {
  /** Grows with the value, as in the test of Wilcoxon: the mean rank of the cell, as a share in (0, 1). */
  readonly location: Float64Array;
  /** Grows with the distance from the median, as in the test of Mood: (location − ½)². */
  readonly spread: Float64Array;
}

/**
 * Returns the scores of each cell. Rows of one cell are ties and have the mean of their ranks.
 * Sources: Wilcoxon, Biometrics Bulletin 1, 1945; Mood, Annals of Mathematical Statistics 25, 1954.
 */
export function rankScores(reference: Float64Array, present: Float64Array): RankScores {
  let total = 0;
  for (let cell = 0; cell < present.length; cell++) total += reference[cell] + present[cell];
  let below = 0;
  const location = present.map((count, cell) => {
    const rows = reference[cell] + count;
    const rank = (below + rows / 2) / total;
    below += rows;
    return rank;
  });
  return { location, spread: location.map((rank) => (rank - 0.5) ** 2) };
}
