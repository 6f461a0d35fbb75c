/** A supplier as the monolith's flat JSON names it, sorted into its kinds. */
export interface FlatSupplier {
  readonly supplierId: string;
  readonly features: Record<string, number>;
  readonly categories: Record<string, string>;
  readonly contractText: string;
}

/** A flat JSON body that cannot be read as a supplier. */
export class FlatSupplierError extends Error {
  override readonly name = "FlatSupplierError" as const;
}

/**
 * Reads the monolith's flat JSON: `supplier_id` and `contract_text` by name, other numbers as features, other strings as categories,
 * null as missing.
 * @throws FlatSupplierError naming the field and what it takes.
 */
export function flatSupplier(json: unknown): FlatSupplier {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FlatSupplierError(`expected one JSON object such as {"supplier_id":"S_00001","late_ratio":0.4}`);
  }
  const features: Record<string, number> = {};
  const categories: Record<string, string> = {};
  let supplierId = "";
  let contractText = "";
  for (const [key, value] of Object.entries(json)) {
    if (key === "supplier_id" || key === "contract_text") {
      if (typeof value !== "string") throw new FlatSupplierError(`${key} is ${describe(value)}; expected a string`);
      if (key === "supplier_id") supplierId = value;
      else contractText = value;
    } else if (typeof value === "number") features[key] = value;
    else if (typeof value === "string") categories[key] = value;
    else if (value !== null) {
      throw new FlatSupplierError(
        `${key.slice(0, 80)} is ${describe(value)}; expected a number, a string, or null when it is not known`,
      );
    }
  }
  return { supplierId, features, categories, contractText };
}

const describe = (value: unknown): string => (Array.isArray(value) ? "a list" : `a ${typeof value}`);
