import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";

/** Converts a scope; the message has lists that it can change. */
export function scopeToProto({ regions, categories }: SupplierScope) {
  return { regions: [...regions], categories: [...categories] };
}
