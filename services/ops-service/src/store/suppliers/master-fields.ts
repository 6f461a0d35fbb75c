import type { SharedField } from "../../domain/suppliers/supplier.ts";

/** Bits of the column master_fields: the fields that master data has set. */
export const MASTER_FIELDS: Readonly<Record<SharedField, number>> = { name: 1, region: 2, category: 4, exposure: 8 };

const FIELDS = ["name", "region", "category", "exposure"] as const satisfies readonly SharedField[];

export function masterFieldsFromBits(bits: number): SharedField[] {
  return FIELDS.filter((field) => (bits & MASTER_FIELDS[field]) !== 0);
}

export function bitsOfMasterFields(fields: readonly SharedField[]): number {
  return fields.reduce((bits, field) => bits | MASTER_FIELDS[field], 0);
}
