/**
 * Number of each band, as in bellwether.inference.v1.Band, in the columns of a batch and in the score table.
 */
export const BAND_NUMBERS = { unknown: 1, low: 2, medium: 3, high: 4 } as const;

/** The meaning of a score. "unknown": too little data for a score. */
export type Band = keyof typeof BAND_NUMBERS;

/** Number of a row that has no band because it has an error and no score. */
export const NO_BAND = 0;

/** From the lowest to the highest number. */
export const BANDS = ["unknown", "low", "medium", "high"] as const satisfies readonly Band[];

/** The band of a number; undefined for NO_BAND and for numbers that this release does not know. */
export function bandFromNumber(number: number): Band | undefined {
  return BANDS.find((band) => BAND_NUMBERS[band] === number);
}
