/** Where a recorded outcome comes from. */
export type OutcomeSource = "file" | "call" | "review";

/** What a row of a request says, with its limits not yet checked. */
export interface OutcomeInput {
  /** Empty: the value of the prediction. */
  readonly supplierId: string;
  /** Empty: none. */
  readonly predictionId: string;
  /** Empty: that of the prediction, or the weeks whose horizon contains `happenedOn`. */
  readonly isoWeek: string;
  /** Undefined: not given. */
  readonly occurred: boolean | undefined;
  /** ISO date. Empty: not known. */
  readonly happenedOn: string;
  /** ISO date. Empty: today. */
  readonly knownOn: string;
  readonly note: string;
}

/** A valid outcome. */
export interface OutcomeDraft {
  readonly supplierId: string;
  readonly isoWeek: string;
  readonly occurred: boolean;
  /** Null: not known, or it did not occur. */
  readonly happenedOn: string | null;
  readonly knownOn: string;
  readonly note: string;
  /** Null: it was recorded for a supplier and a week or a day. */
  readonly predictionId: string | null;
}

/** A stored outcome. */
export interface Outcome extends OutcomeDraft {
  readonly id: string;
  /** Position in the lists. */
  readonly number: number;
  readonly modelName: string;
  readonly source: OutcomeSource;
  readonly recordedBy: string;
  readonly recordedAt: Date;
  /** Id of the outcome that this one replaces. Null: none. */
  readonly replaces: string | null;
  /** Id of the outcome that replaced this one. Null: none. */
  readonly replacedBy: string | null;
  /** Whether it only withdraws the outcome that it replaces. */
  readonly withdrawn: boolean;
}

/** What an outcome is about: of one supplier and model, one outcome counts for each week and each day. */
export const aboutOf = ({ isoWeek, happenedOn }: Pick<OutcomeDraft, "isoWeek" | "happenedOn">): string =>
  isoWeek === "" ? (happenedOn ?? "") : isoWeek;

/** Why a row was not stored. */
export interface OutcomeViolation {
  /** Index of the row in the request. */
  readonly row: number;
  readonly field: string;
  readonly value: string;
  readonly reason: string;
}

/** Maximum number of characters of a value that a violation repeats. */
const SHOWN_CHARACTERS = 200;

/** Returns a violation with its value shortened for a report. */
export function outcomeViolation(row: number, field: string, value: string, reason: string): OutcomeViolation {
  const text = value.replaceAll("\0", "\\0");
  const isLong = text.length > SHOWN_CHARACTERS;
  return { row, field, value: isLong ? `${[...text].slice(0, SHOWN_CHARACTERS - 1).join("")}…` : text, reason };
}
