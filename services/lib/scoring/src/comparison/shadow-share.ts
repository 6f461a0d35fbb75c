import { murmur3 } from "./supplier-hash.ts";

/** Purpose of the hash: other bits of the same supplier than its group and its rank have. */
const SEED = 0x165667b1;
const TWO_32 = 2 ** 32;

/**
 * Whether a supplier is in the share of suppliers that the challenger scores too: the same answer on every replica and for every row
 * of the supplier.
 * @param share in [0, 1]
 * @param salt chooses other suppliers for another salt, for example for another pair of versions
 */
export const isChosen = (supplierId: string, share: number, salt: number): boolean =>
  share >= 1 || murmur3(supplierId, SEED ^ salt) < share * TWO_32;
