import { INVISIBLE_CHARACTERS } from "@bellwether/contract/supplier-id";

/** The pattern of `INVISIBLE_CHARACTERS` in the syntax of RE2, the regular expressions of DuckDB. */
const INVISIBLE_RE2 = INVISIBLE_CHARACTERS.replaceAll("\\u{", "\\x{");
const SPACE_RE2 = "[\\s\\v\\x{85}\\p{Z}]";

/** ASCII white space, as an SQL expression. */
const ASCII_SPACE = "(' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))";

/**
 * Returns the SQL of a supplier id without invisible characters and surrounding white space; null when it is
 * empty. A whole number of a floating-point type is written without a fraction. Other floating-point numbers
 * become null, because it is unknown which digits of 0.1 or of 2^60 belong to the id.
 */
export function idSql(value: string): string {
  const text = `(case when typeof(${value}) in ('DOUBLE', 'FLOAT') then ${wholeNumber(value)} else ${value}::varchar end)`;
  return cleanIdSql(text);
}

/** Like `idSql`, for a text. */
export function cleanIdSql(text: string): string {
  const visible = `regexp_replace(${text}, '${INVISIBLE_RE2}', '', 'g')`;
  const bare = `regexp_replace(${visible}, '^${SPACE_RE2}+|${SPACE_RE2}+$', '', 'g')`;
  // Nearly all ids are ASCII, for which a plain trim has the same result in a tenth of the time.
  return `nullif(case when strlen(${text}) = length(${text}) then trim(${text}, ${ASCII_SPACE}) else ${bare} end, '')`;
}

/**
 * Returns the SQL of the text of a floating-point value that is a whole number within ±2^53; null for other
 * values.
 */
export function wholeNumber(value: string): string {
  const number = `try_cast(${value} as double)`;
  return `case when abs(${number}) <= 9007199254740992 and ${number} = trunc(${number}) then ${number}::bigint::varchar end`;
}
