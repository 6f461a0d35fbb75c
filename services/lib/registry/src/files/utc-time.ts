/** Whether a text is a time in the registry's format: ISO 8601 in UTC with milliseconds, years 1 to 9999. */
export function isUtcTime(value: unknown): value is string {
  if (typeof value !== "string" || !/^(?!0000)\d{4}-/.test(value)) return false;
  const time = new Date(value);
  return !Number.isNaN(time.getTime()) && time.toISOString() === value;
}
