/**
 * The suppliers that a caller sees: those of the regions and of the categories. An empty list is no condition, and one of
 * both lists has a value. A supplier without a region is in none of them, and likewise for categories.
 */
export interface SupplierScope {
  readonly regions: readonly string[];
  readonly categories: readonly string[];
}

/** Maximum number of regions, and of categories. */
export const MAX_SCOPE_VALUES = 100;
const MAX_VALUE_BYTES = 256;

/** Returns a scope in its one form, without repetitions and in order. Undefined: both lists are empty, so it is none. */
export function supplierScope({ regions, categories }: SupplierScope): SupplierScope | undefined {
  if (regions.length === 0 && categories.length === 0) return undefined;
  return { regions: [...new Set(regions)].sort(), categories: [...new Set(categories)].sort() };
}

/** Returns why a value cannot be a list of regions or of categories, as the end of a sentence; undefined: it can. */
export function scopeListViolation(value: unknown): string | undefined {
  if (!Array.isArray(value)) return "is not a list of texts";
  if (value.length > MAX_SCOPE_VALUES) return `has more than ${MAX_SCOPE_VALUES} values`;
  if (value.every(isScopeValue)) return undefined;
  return `has a value that is not a text of 1 to ${MAX_VALUE_BYTES} bytes`;
}

const isScopeValue = (value: unknown): value is string =>
  typeof value === "string" &&
  value !== "" &&
  value.isWellFormed() &&
  !value.includes("\0") &&
  Buffer.byteLength(value) <= MAX_VALUE_BYTES;

/** Whether a supplier of a region and a category is in a scope. Empty text: it has none. @param scope undefined: all suppliers */
export function isInScope(
  scope: SupplierScope | undefined,
  { region, category }: { readonly region: string; readonly category: string },
): boolean {
  if (scope === undefined) return true;
  const { regions, categories } = scope;
  return (
    (regions.length === 0 || regions.includes(region)) && (categories.length === 0 || categories.includes(category))
  );
}
