import { BAND_NUMBERS, type Band } from "@bellwether/contract/band-codes";

/** Bands of the rows and columns of a band matrix, in this order. */
export const MATRIX_BANDS = ["low", "medium", "high", "unknown"] as const satisfies readonly Band[];
const POSITIONS = new Map<Band, number>(MATRIX_BANDS.map((band, at) => [band, at]));
const BY_NUMBER = new Map<number, Band>(MATRIX_BANDS.map((band) => [BAND_NUMBERS[band], band]));

/** What one version answers for one row. */
export interface ComparedAnswer {
  /** Calibrated score, or the number of a regressor. Null: the row has none, or it is NaN. */
  readonly value: number | null;
  readonly band: Band;
  /** Names of the features with the largest contributions, the largest first, at most three. Null: not known. */
  readonly reasons: readonly string[] | null;
}

/** CPU time that each version needs for one row, both measured in the same thread, µs. */
export interface RowTimes {
  readonly championMicros: number;
  readonly challengerMicros: number;
}

/** One row that both versions have scored. */
export interface ComparedRow {
  readonly supplierId: string;
  /** When the champion answered, epoch milliseconds. */
  readonly atMs: number;
  readonly champion: ComparedAnswer;
  readonly challenger: ComparedAnswer;
  /** Null: not measured for this row. */
  readonly times: RowTimes | null;
  /** The segments of the row, as "feature=value". Unknown ones are not counted. */
  readonly segments: readonly string[];
}

/** Returns the position of a band in MATRIX_BANDS. */
export const matrixPosition = (band: Band): number => POSITIONS.get(band) ?? MATRIX_BANDS.length - 1;

/** Returns the band of a number in a column of a batch; a row with an error has the band "unknown". */
export const bandOfNumber = (number: number): Band => BY_NUMBER.get(number) ?? "unknown";

/** Number of reasons that are compared. */
export const MAX_REASONS = 3;
