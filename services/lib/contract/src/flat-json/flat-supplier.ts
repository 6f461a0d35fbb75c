import { supplierIdViolation } from "../supplier-id.ts";

/** A supplier read from the monolith's flat JSON, with its fields sorted by kind. */
export interface FlatSupplier {
  readonly supplierId: string;
  readonly features: Record<string, number>;
  /** Categories, and numbers that were sent as text: only the model knows the type of each feature. */
  readonly categories: Record<string, string>;
  readonly contractText: string;
}

/**
 * What is wrong with a flat JSON body, in the reasons that RPCs give for the same violation. FLAT_SUPPLIER: the body, or
 * a row, is not one JSON object. INVALID_REQUEST: a limit of the contract.
 */
export type FlatReason =
  | "FLAT_SUPPLIER"
  | "SUPPLIER_ID"
  | "FEATURE_UNKNOWN"
  | "FEATURE_WRONG_KIND"
  | "MALFORMED_JSON"
  | "INVALID_REQUEST";

/** A flat JSON body that is not a valid supplier. */
export class FlatSupplierError extends Error {
  override readonly name = "FlatSupplierError" as const;
  readonly reason: FlatReason;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  /** @param field The field's name in the JSON; empty when the error is about the whole body. */
  constructor(reason: FlatReason, field: string, description: string) {
    super(field === "" ? description : `${field} ${description}`);
    this.reason = reason;
    this.fieldViolations = [{ field, description }];
  }
}

/** Reserved names; every other name is a feature. */
const OWN_NAMES = ["supplier_id", "contract_text"] as const;
/** Maximum number of characters of a caller's field name that an error repeats. */
const SHOWN = 80;

/**
 * Reads the monolith's flat JSON. `supplier_id` and `contract_text` are reserved names. Other numbers are
 * features, other strings are categories or numbers as text, and null is a missing value.
 * @throws FlatSupplierError naming the field and the expected value.
 */
export function flatSupplier(json: unknown): FlatSupplier {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FlatSupplierError(
      "FLAT_SUPPLIER",
      "",
      `the body is ${describe(json)}; expected one JSON object such as {"supplier_id":"S_00001","late_ratio":0.4}`,
    );
  }
  const features: [string, number][] = [];
  const categories: [string, string][] = [];
  for (const [key, value] of Object.entries(json)) {
    const shown = key.length > SHOWN ? `${key.slice(0, SHOWN - 1)}…` : key;
    if (!key.isWellFormed() || (typeof value === "string" && !value.isWellFormed()))
      throw new FlatSupplierError(
        "MALFORMED_JSON",
        shown.toWellFormed(),
        "has half a character (a lone surrogate such as \\ud800); send whole characters",
      );
    const own = ownName(key);
    if (own !== undefined) {
      if (own !== key)
        throw new FlatSupplierError("FEATURE_UNKNOWN", shown, `is not a field of flat JSON; write it "${own}"`);
      if (typeof value !== "string" && !(value === null && own === "contract_text"))
        throw new FlatSupplierError(
          own === "supplier_id" ? "SUPPLIER_ID" : "FEATURE_WRONG_KIND",
          key,
          `is ${describe(value)}; expected a text`,
        );
    } else if (typeof value === "number") features.push([key, value]);
    else if (typeof value === "string") categories.push([key, value]);
    else if (value !== null)
      throw new FlatSupplierError(
        "FEATURE_WRONG_KIND",
        shown,
        `is ${describe(value)}; expected a number, a text, or null when it is not known`,
      );
  }
  const { supplier_id: supplierId, contract_text: text } = json as { supplier_id?: string; contract_text?: string };
  if (supplierId === undefined || supplierId === "")
    throw new FlatSupplierError(
      "SUPPLIER_ID",
      "supplier_id",
      `is ${supplierId === "" ? "empty" : "missing"}; add "supplier_id":"…"`,
    );
  const violation = supplierIdViolation(supplierId);
  if (violation !== undefined) throw new FlatSupplierError("SUPPLIER_ID", "supplier_id", violation);
  return {
    supplierId,
    // Object.fromEntries, because a feature may have the name of one of Object's own properties.
    features: Object.fromEntries(features),
    categories: Object.fromEntries(categories),
    contractText: text ?? "",
  };
}

/**
 * Matches each reserved name in any naming style. These run for every name of every supplier: nearly all names differ in
 * their first letter.
 */
const OWN_STYLES = OWN_NAMES.map((name) => {
  const letters = [...name.replace("_", "")];
  return { name, style: new RegExp(`^[^a-z]*${letters.join("[^a-z]*")}[^a-z]*$`, "i") };
});

/** Returns the reserved name that a key means, in any naming style: "supplierId" is supplier_id. */
function ownName(key: string): (typeof OWN_NAMES)[number] | undefined {
  for (const { name, style } of OWN_STYLES) if (key === name || style.test(key)) return name;
  return undefined;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value === undefined) return "empty";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "a text" : `a ${typeof value}`;
}
