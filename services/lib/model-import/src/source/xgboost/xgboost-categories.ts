import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import type { JsonFields } from "../text/json-fields.ts";

/**
 * Reads the categories that XGBoost 3.1 and later store of a data frame: the text or number of each code,
 * column by column. Texts are UTF-8 bytes, one after the other.
 * @returns Null where a column has none.
 * @throws ImportRejectedError when offsets or bytes are not those of texts.
 */
export function readXgboostCategories(model: JsonFields, features: number): readonly (CategoryCodes | null)[] {
  const none = (): null[] => Array.from({ length: features }, () => null);
  if (!model.has("cats") || !model.child("cats").has("enc")) return none();
  const columns = model.child("cats").children("enc");
  if (columns.length === 0) return none();
  if (columns.length !== features) {
    throw new ImportRejectedError("malformed", `cats.enc describes ${columns.length} columns of ${features}`);
  }
  return columns.map((column) => {
    const labels = column.has("offsets") ? textsOf(column) : column.numbers("values", null).map(String);
    if (labels.length === 0) return null;
    return { values: labels.map((_, code) => code), labels, other: null };
  });
}

function textsOf(column: JsonFields): string[] {
  const offsets = column.numbers("offsets", null);
  const bytes = column.numbers("values", null);
  if (!bytes.every((byte) => Number.isInteger(byte) && byte >= -128 && byte < 256)) {
    throw new ImportRejectedError("malformed", `${column.path}.values are not bytes`);
  }
  const data = Uint8Array.from(bytes, (byte) => byte & 0xff);
  return offsets.slice(1).map((stop, at) => {
    const start = offsets[at];
    if (!Number.isInteger(stop) || start < 0 || stop < start || stop > data.length) {
      throw new ImportRejectedError("malformed", `${column.path}.offsets point outside the values`);
    }
    return new TextDecoder().decode(data.subarray(start, stop));
  });
}
