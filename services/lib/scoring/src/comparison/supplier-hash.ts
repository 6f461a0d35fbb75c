/** Purposes of a hash; each gives independent bits of the same supplier. */
const SEEDS = { group: 0x1b873593, rank: 0x2c1b3c6d, rankLow: 0x297a2d39 } as const;

/** Number of groups of suppliers of the jackknife. */
export const GROUPS = 256;

/**
 * Returns a 32-bit hash of a text, the same on every machine: MurmurHash3 x86_32 (Appleby, public domain) over UTF-16 units. Not
 * cryptographic: a caller can choose ids with a hash that it wants.
 */
export function murmur3(text: string, seed: number): number {
  let hash = seed;
  const pairs = text.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    hash ^= scrambled(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (pairs < text.length) hash ^= scrambled(text.charCodeAt(pairs));
  hash ^= text.length * 2;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scrambled(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

/** Returns the group of a supplier, 0 to GROUPS - 1. All rows of a supplier are in one group, on every replica. */
export const groupOf = (supplierId: string): number => murmur3(supplierId, SEEDS.group) % GROUPS;

/** Returns the place of a supplier in an order that depends on nothing else: a whole number in [0, 2^53). */
export const rankOf = (supplierId: string): number =>
  murmur3(supplierId, SEEDS.rank) * 2 ** 21 + (murmur3(supplierId, SEEDS.rankLow) >>> 11);
