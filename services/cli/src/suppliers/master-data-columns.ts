import { knownNames } from "@bellwether/contract/nearest-name";
import { UsageError } from "../errors/usage-error.ts";

/** Columns of a master data file, except those of identifiers. */
export const COLUMNS = [
  "supplier_id",
  "name",
  "region",
  "category",
  "exposure",
  "currency",
  "criticality",
  "owner",
] as const;

/** Column of the kinds of identifiers that other suppliers may have too, divided by spaces. Export writes it last, if there are any. */
export const SHARED_COLUMN = "shared_identifiers";

/** Beginning of the name of an identifier's column: `identifier_vat`. */
export const IDENTIFIER_PREFIX = "identifier_";
const IDENTIFIER = /^identifier_[a-z0-9_-]{1,32}$/;
const DELIMITERS = { ";": "semicolons", "\t": "tabs", "|": "vertical bars", ",": "commas" } as const;

/**
 * Checks the names in the first line of a file, and returns them.
 * @throws UsageError that names the column, or the delimiter that the file seems to have
 */
export function checkHeader(file: string, names: readonly string[], delimiter: string): readonly string[] {
  const header = names.map((name) => name.trim());
  const [only = ""] = header;
  const other = Object.entries(DELIMITERS).find(([sign]) => sign !== delimiter && only.includes(sign));
  if (header.length === 1 && other) {
    const [sign, plural] = other;
    throw new UsageError(
      `${file}: the first line has no ${JSON.stringify(delimiter)} but ${plural}; add --delimiter ${sign === "\t" ? "tab" : JSON.stringify(sign)}`,
    );
  }
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`${file}: the column ${JSON.stringify(twice)} is there twice`);
  for (const name of header) {
    if (isColumn(name) || IDENTIFIER.test(name)) continue;
    const known = knownNames(name, [...COLUMNS, SHARED_COLUMN, "identifier_vat"]);
    throw new UsageError(
      `${file}: the column ${JSON.stringify(name.slice(0, 80))} does not exist; ${known}. Identifiers have a column for each kind: identifier_vat, identifier_duns`,
    );
  }
  if (!header.includes("supplier_id"))
    throw new UsageError(
      `${file}: the column supplier_id is missing; the first line must have the names of the columns`,
    );
  return header;
}

const isColumn = (name: string): boolean => name === SHARED_COLUMN || COLUMNS.some((column) => column === name);
