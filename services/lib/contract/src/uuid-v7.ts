import { randomFillSync } from "node:crypto";

/** Random bytes in one id. */
const RANDOM_BYTES = 10;
/**
 * Number of ids whose random bytes are fetched in one call: the call costs many times more than the rest of
 * an id.
 */
const pool = Buffer.alloc(RANDOM_BYTES * 256);
let taken = pool.length;

/** Returns a UUID version 7 (RFC 9562 §5.7): ids of a later millisecond are larger, as texts too. */
export function newUuidV7(now: number = Date.now()): string {
  if (taken === pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeUIntBE(now, 0, 6);
  pool.copy(bytes, 6, taken, taken + RANDOM_BYTES);
  taken += RANDOM_BYTES;
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
