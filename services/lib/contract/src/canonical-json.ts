import { createHash } from "node:crypto";

/**
 * Returns a value as JSON with sorted keys and without white space: equal values give equal texts, whatever
 * the order of their keys. Absent and undefined members are equal. Numbers must be finite.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new RangeError("canonical JSON can only contain finite numbers");
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    let members = "";
    // The default sort order is by UTF-16 code units, as RFC 8785 requires.
    for (const key of Object.keys(value).sort()) {
      const member: unknown = Reflect.get(value, key);
      if (member === undefined) continue;
      members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
    }
    return `{${members}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** Returns the SHA-256 of the canonical JSON, lower-case hex. */
export function canonicalHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
