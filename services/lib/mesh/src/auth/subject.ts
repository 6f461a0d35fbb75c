/** Maximum size of a caller's subject in bytes of UTF-8: that of the actor of an audit event. */
const MAX_SUBJECT_BYTES = 256;

/**
 * Returns why a value cannot be the subject of a caller, as the end of a sentence; undefined: it can. A subject is
 * stored in audit events, so it must be text that PostgreSQL, protobuf and the hash of a record keep unchanged.
 */
export function subjectViolation(subject: unknown): string | undefined {
  if (typeof subject !== "string") return `is ${typeName(subject)}, not a string`;
  if (subject.trim() === "") return "is empty";
  if (/\p{Cc}/u.test(subject)) return "has a control character";
  if (!subject.isWellFormed()) return "has half of a surrogate pair";
  if (Buffer.byteLength(subject) > MAX_SUBJECT_BYTES) return `is longer than ${MAX_SUBJECT_BYTES} bytes`;
  return undefined;
}

/** Returns the JSON type of a value with its article. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
