import { MISSING_CATEGORY_CODE } from "@bellwether/contract/category-wire-code";

/** A dictionary-encoded column, with the fields of the message CategoryColumn. */
interface EncodedColumn {
  readonly name: string;
  readonly codes: number[];
  readonly dictionary: string[];
}

/** Dictionary-encodes a column. Null is a missing value. */
export function categoryColumn(name: string, values: readonly (string | null)[]): EncodedColumn {
  const codes = new Map<string, number>();
  const codeOf = (value: string | null): number => {
    if (value === null) return MISSING_CATEGORY_CODE;
    const code = codes.get(value) ?? codes.size;
    codes.set(value, code);
    return code;
  };
  return { name, codes: values.map(codeOf), dictionary: [...codes.keys()] };
}
