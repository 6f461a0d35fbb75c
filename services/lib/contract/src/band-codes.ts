/**
 * Numbers of the bands in the columns of a batch and in the score table, equal to those of
 * bellwether.inference.v1.Band.
 */
export const BAND_NUMBERS = { unknown: 1, low: 2, medium: 3, high: 4 } as const;

/** The meaning of a score. "unknown": too little data for a score. */
export type Band = keyof typeof BAND_NUMBERS;

/** Code of a row that has an error and therefore no score and no band. It is stored instead of the number of a band. */
export const NO_BAND = 0;

/** All bands, in ascending order of their numbers. */
export const BANDS = ["unknown", "low", "medium", "high"] as const satisfies readonly Band[];

/** Returns the band of a number; undefined for NO_BAND and for numbers that this release does not know. */
export function bandFromNumber(number: number): Band | undefined {
  return BANDS.find((band) => BAND_NUMBERS[band] === number);
}
