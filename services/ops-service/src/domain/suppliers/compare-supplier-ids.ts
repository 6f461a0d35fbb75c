/**
 * Orders suppliers by the id that the caller gave them, by code points. Internal numbers depend on the order in which
 * chunks arrived. The store sorts in the same order (collation "C").
 */
export function compareSupplierIds(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
