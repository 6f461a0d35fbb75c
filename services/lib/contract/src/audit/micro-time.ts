const UTC = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3})(\d{3})Z$/;

/** Returns a time as RFC 3339 with microseconds. @param us microseconds since 1970, within the years 0 to 9999 */
export function timeFromUs(us: bigint): string {
  const micros = ((us % 1000n) + 1000n) % 1000n;
  const whole = new Date(Number((us - micros) / 1000n)).toISOString();
  return `${whole.slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}

/** Returns the microseconds since 1970 of a time that `timeFromUs` wrote. Null: any other text. */
export function usFromTime(text: string): bigint | null {
  const [, toMs = "", micros = ""] = UTC.exec(text) ?? [];
  const ms = Date.parse(`${toMs}Z`);
  // A day that does not exist, for example 30 February, is parsed as another day.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(toMs)) return null;
  return BigInt(ms) * 1000n + BigInt(micros);
}
