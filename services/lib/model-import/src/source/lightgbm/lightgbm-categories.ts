import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { jsonFields } from "../text/json-fields.ts";
import { parseJsonModel } from "../text/parse-json.ts";

/**
 * `feature_infos` of a column: codes ("-1:3:0") when it is categorical, a range ("[0:1]") when numeric,
 * "none" when unused.
 */
const CODES = /^-?\d+(:-?\d+)*$/;

/** The categorical columns of a LightGBM file. */
export interface LightgbmCategories {
  readonly categorical: ReadonlySet<number>;
  /** `[features]`; null where a column has no codes. */
  readonly codes: readonly (CategoryCodes | null)[];
  readonly notes: readonly string[];
}

/**
 * Joins the codes that occurred in training with the categories of the pandas data frame: one list for each
 * categorical column, in order.
 * @param infos `feature_infos` of the head, one per column.
 * @param pandas JSON of `pandas_categorical`; null when the file has none.
 * @throws ImportRejectedError when the JSON is invalid.
 */
export function lightgbmCategories(infos: readonly string[], pandas: string | null): LightgbmCategories {
  const lists = pandas === null ? [] : readLists(pandas);
  const coded = [...infos.keys()].filter((at) => CODES.test(infos[at]));
  // A categorical column that no tree can use (one category in training) has "none" instead of codes.
  const possible = [...infos.keys()].filter((at) => CODES.test(infos[at]) || infos[at] === "none");
  const columns = lists.length === possible.length ? possible : coded;
  const categorical = new Set(columns);
  const places = new Map(columns.map((column, at) => [column, at]));
  const seen = (column: number): number[] =>
    infos[column]
      .split(":")
      .map(Number)
      .filter((code) => code >= 0)
      .sort((a, b) => a - b);
  const fits =
    lists.length === columns.length && columns.every((column, at) => (seen(column).at(-1) ?? 0) < lists[at].length);
  const codes = infos.map((_, column): CategoryCodes | null => {
    const at = places.get(column);
    if (at === undefined) return null;
    const labels = fits ? lists[at] : undefined;
    if (labels === undefined) return { values: seen(column), labels: null, other: null };
    return { values: labels.map((_, code) => code), labels, other: null };
  });
  const lost = lists.length > 0 && !fits;
  const note = `pandas_categorical has ${lists.length} lists for ${columns.length} categorical columns, so categories are sent as codes`;
  return { categorical, codes, notes: lost ? [note] : [] };
}

function readLists(json: string): string[][] {
  const lists = jsonFields({ lists: parseJsonModel(new TextEncoder().encode(json)) }, "pandas_categorical").lists(
    "lists",
  );
  return lists.map((list) =>
    list.map((item) => {
      if (typeof item === "string" || typeof item === "number") return String(item);
      // As pandas writes them to a file.
      if (typeof item === "boolean") return item ? "True" : "False";
      throw new ImportRejectedError("malformed", "pandas_categorical holds something that is neither text nor number");
    }),
  );
}
