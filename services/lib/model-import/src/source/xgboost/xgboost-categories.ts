import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import type { JsonFields } from "../text/json-fields.ts";

/** Result of reading the categories of an XGBoost file. */
export interface XgboostCategories {
  /** `[features]`; null where a column has no categories. */
  readonly codes: readonly (CategoryCodes | null)[];
  readonly notes: readonly string[];
}

/**
 * Reads the categories that XGBoost 3.1 and later store of a data frame: the text or number of each code,
 * column by column. Texts are UTF-8 bytes, one after the other; offsets count bytes.
 *
 * XGBoost 3.1 to 3.3 write offsets of pandas categories in characters and as many bytes as there are
 * characters (https://github.com/dmlc/xgboost/pull/12360). With characters other than ASCII the last texts
 * are then incomplete, and nothing in the file shows it: these columns are rejected.
 * @param columnNames `[features]`, for errors and notes.
 * @throws ImportRejectedError when texts are those of XGBoost before 3.4 and not ASCII, when offsets or bytes are not
 * those of texts, and when two categories of a column are equal.
 */
export function readXgboostCategories(
  model: JsonFields,
  columnNames: readonly string[],
  version: readonly number[],
): XgboostCategories {
  const features = columnNames.length;
  const none = { codes: Array.from({ length: features }, () => null), notes: [] };
  if (!model.has("cats") || !model.child("cats").has("enc")) return none;
  const columns = model.child("cats").children("enc");
  if (columns.length === 0) return none;
  if (columns.length !== features) {
    throw new ImportRejectedError("malformed", `cats.enc describes ${columns.length} columns of ${features}`);
  }
  const labels = columns.map((column, c) =>
    column.has("offsets") ? textsOf(column, columnNames[c], version) : column.numbers("values", null).map(String),
  );
  const codes = labels.map((texts, c): CategoryCodes | null => {
    if (texts.length === 0) return null;
    const double = texts.length === new Set(texts).size ? undefined : firstDouble(texts);
    if (double !== undefined) {
      throw new ImportRejectedError(
        "malformed",
        `column ${shown(columnNames[c])} has the category "${shown(double)}" twice`,
      );
    }
    return { values: texts.map((_, code) => code), labels: texts, other: null };
  });
  return { codes, notes: labels.flatMap((texts, c) => notesOf(columnNames[c], texts)) };
}

/** First version of XGBoost that counts the offsets of all texts in bytes: 3.4. */
const countsBytes = ([major = 0, minor = 0]: readonly number[]): boolean => major > 3 || (major === 3 && minor >= 4);

const BEFORE_34 =
  "XGBoost before 3.4 writes category texts incompletely if they hold other characters than ASCII (for example ä)";
const WAY_OUT = "train the model again with XGBoost 3.4 or later, or with category texts in ASCII";

function textsOf(column: JsonFields, name: string, version: readonly number[]): string[] {
  const offsets = column.numbers("offsets", null);
  const bytes = column.numbers("values", null);
  if (!bytes.every((byte) => Number.isInteger(byte) && byte >= -128 && byte < 256)) {
    throw new ImportRejectedError("malformed", `${column.path}.values are not bytes`);
  }
  const data = Uint8Array.from(bytes, (byte) => byte & 0xff);
  const isOutside = offsets.some(
    (stop, at) => !Number.isInteger(stop) || stop < (at === 0 ? 0 : offsets[at - 1]) || stop > data.length,
  );
  if (isOutside || (offsets[0] ?? 0) !== 0 || (offsets.at(-1) ?? 0) !== data.length) {
    throw new ImportRejectedError("malformed", `${column.path}.offsets point outside the values or leave some out`);
  }
  if (!countsBytes(version) && data.some((byte) => byte > 0x7f)) {
    throw new ImportRejectedError(
      "unsupported",
      `column ${shown(name)}: the file is of ${versionText(version)}, and ${BEFORE_34}; ${WAY_OUT}`,
    );
  }
  // A byte order mark is a part of the text.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return offsets.slice(1).map((stop, at) => decoder.decode(data.subarray(offsets[at], stop)));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ImportRejectedError(
      "malformed",
      `column ${shown(name)}: ${column.path} does not hold UTF-8 texts; ${BEFORE_34}, and a later version saves them unchanged; ${WAY_OUT}`,
    );
  }
}

/** A model of XGBoost before 3.4 that a later version saved has the later version's number. */
function notesOf(name: string, texts: readonly string[]): string[] {
  const [first] = texts.filter((text) => /[^\p{ASCII}]/u.test(text));
  if (first === undefined) return [];
  const last = texts.at(-1) ?? "";
  return [
    `column ${shown(name)}: category texts "${shown(first)}" to "${shown(last)}" are complete only if XGBoost 3.4 or later also trained the model; compare them with the data`,
  ];
}

const shown = (text: string): string => text.slice(0, 80);

const versionText = (version: readonly number[]): string =>
  version.length === 0 ? "an unknown version of XGBoost" : `XGBoost ${version.slice(0, 3).join(".")}`;

function firstDouble(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return texts.find((text) => seen.size === seen.add(text).size);
}
