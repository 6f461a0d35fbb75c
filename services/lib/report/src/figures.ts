// Numbers are formatted here and not by the locale of the process, so that every rendering has the same bytes.

/** A whole number with groups of three digits: "12,345". */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "not known";
  const whole = BigInt(Math.round(value));
  const digits = String(whole < 0n ? -whole : whole);
  return `${whole < 0n ? "−" : ""}${digits.replace(/\B(?=(\d{3})+$)/g, ",")}`;
}

/** A score or a change of one, with three decimals. */
export function score(value: number): string {
  return value.toFixed(3).replace("-", "−");
}

/** A change with its sign: "+0.120". */
export function change(value: number): string {
  return `${value > 0 ? "+" : ""}${score(value)}`;
}

/** An amount of money in units of its currency, without decimals. */
export function money(amount: number, currency: string): string {
  return currency === "" ? count(amount) : `${count(amount)} ${currency}`;
}

/** A time of ISO 8601 to the minute: "2026-11-23 06:14 UTC". */
export function minute(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}
