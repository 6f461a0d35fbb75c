import { hash } from "node:crypto";

/**
 * Returns the id of an event that follows from what the event is about, so that the audit log stores a repeated report once: a UUID of
 * version 8 (RFC 9562 §5.8) with the first bits of the SHA-256 of the parts.
 */
export function eventIdOf(parts: readonly string[]): string {
  const bytes = hash("sha256", JSON.stringify(parts), "buffer");
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x80;
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
  return bytes.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
