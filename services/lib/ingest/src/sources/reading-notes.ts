import { hasTwoDigitYear, type SourceMapping } from "@bellwether/config/source-mapping";
import { countText } from "@bellwether/reasons/count-text";

/** Maximum number of file names that one note lists. */
const MAX_LISTED = 5;

/** Describes files that were found beside the data and not read. */
export function ignoredNotes(ignored: readonly string[]): string[] {
  if (ignored.length === 0) return [];
  const listed = `${ignored.slice(0, MAX_LISTED).join(", ")}${ignored.length > MAX_LISTED ? ", …" : ""}`;
  return [
    `${countText(ignored.length, "file is not data by its name and was", "files are not data by their names and were")} ignored: ${listed}`,
  ];
}

/** Describes dates of a file whose century the mapping does not declare. */
export function centuryNotes({ columns }: SourceMapping): string[] {
  return columns
    .filter(({ formats, twoDigitYearsFrom }) => formats.some(hasTwoDigitYear) && twoDigitYearsFrom === undefined)
    .map(({ header }) => `two-digit years of column "${header}" were read as 1969 to 2068; set two_digit_years_from`);
}

/** Says that a CSV file seems to be cut: its last line has no line end and is not a whole row. */
export const CUT_NOTE =
  "its last line has no line end and is not a whole row: the file may be cut; compare its size with that of the original";
