import { MISSING_CATEGORY_CODE } from "@bellwether/contract/missing-category";
import type { CategoryColumnSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";

/** Dictionary-encodes a column. Null is a missing value. */
export function categoryColumn(
  name: string,
  values: readonly (string | null)[],
): MessageInitShape<typeof CategoryColumnSchema> {
  const codes = new Map<string, number>();
  const codeOf = (value: string | null): number => {
    if (value === null) return MISSING_CATEGORY_CODE;
    const code = codes.get(value) ?? codes.size;
    codes.set(value, code);
    return code;
  };
  return { name, codes: values.map(codeOf), dictionary: [...codes.keys()] };
}
