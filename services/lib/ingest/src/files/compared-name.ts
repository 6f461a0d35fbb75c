import { INVISIBLE_CHARACTERS } from "@bellwether/contract/supplier-id";

const INVISIBLE = new RegExp(INVISIBLE_CHARACTERS, "gu");

/**
 * Returns a column name in the form in which column names are compared: NFC, without invisible characters,
 * one blank for each run of white space.
 */
export function comparedName(name: string): string {
  return name.normalize("NFC").replace(INVISIBLE, "").replace(/\s+/gu, " ").trim();
}
