import { sigmaText } from "@bellwether/reasons/sigma-text";

// Numbers are formatted here and not by the locale of the process, so that every rendering has the same bytes.

/** A whole number with groups of three digits: "12,345". */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "not known";
  const whole = BigInt(Math.round(value));
  return `${whole < 0n ? "−" : ""}${grouped(String(whole < 0n ? -whole : whole))}`;
}

/** A whole number with its noun: "1 alert", "2,000 alerts". @param many the noun of every number except 1 */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A change of a whole number, with its sign: "+12", "−3", "unchanged". */
export function countChange(value: number): string {
  return value === 0 ? "unchanged" : `${value > 0 ? "+" : ""}${count(value)}`;
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
  // To hundredths first: sums of the same amounts in another order differ in their last bits.
  const whole = count(Math.round(amount * 100) / 100);
  return currency === "" ? whole : `${whole} ${currency}`;
}

/** A share of [0, 1] in percent with one decimal: "12.3 %". */
export function percent(share: number): string {
  const rounded = Math.round(share * 1_000) / 10;
  if (rounded === 0 && share > 0) return "less than 0.1 %";
  return `${rounded.toFixed(1)} %`;
}

/** A size of a change: "0.21 σ", or of a share "3.2 points". */
export function effect(value: number, unit: "sigma" | "share"): string {
  return unit === "share" ? `${(value * 100).toFixed(1)} points` : sigmaText(value);
}

/** A probability: "0.012", "less than 0.001". */
export function probability(value: number): string {
  return value < 0.001 ? "less than 0.001" : value.toFixed(3);
}

/** A time of ISO 8601 to the minute: "2026-11-23 06:14 UTC". Empty for an empty one. */
export function minute(time: string): string {
  return time === "" ? "" : `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

/** The largest number of significant digits of a 64-bit float. */
const MOST_DIGITS = 17;

/**
 * Returns numbers as texts with the smallest number of significant digits, at least three, with which different
 * numbers have different texts. Numbers from 10^12 on and below 10^-5 are written with a power of ten.
 */
export function limitTexts(limits: readonly number[]): ReadonlyMap<number, string> {
  const distinct = [...new Set(limits)];
  for (let digits = 3; digits <= MOST_DIGITS; digits++) {
    const texts = distinct.map((limit) => rounded(limit, digits));
    if (new Set(texts).size === distinct.length || digits === MOST_DIGITS)
      return new Map(distinct.map((limit, i) => [limit, texts[i] ?? String(limit)]));
  }
  return new Map();
}

function rounded(value: number, digits: number): string {
  const number = Number(value.toPrecision(digits));
  const size = Math.abs(number);
  if (size !== 0 && (size >= 1e12 || size < 1e-5)) return powerOfTen(number);
  const [whole = "", decimals] = size.toFixed(decimalsOf(size, digits)).split(".");
  const fraction = decimals?.replace(/0+$/, "");
  return `${number < 0 ? "−" : ""}${grouped(whole)}${fraction ? `.${fraction}` : ""}`;
}

/** Number of decimals that a number of these significant digits needs. */
const decimalsOf = (size: number, digits: number): number =>
  size === 0 ? 0 : Math.min(20, Math.max(0, digits - 1 - Math.floor(Math.log10(size))));

function powerOfTen(number: number): string {
  const [mantissa = "", exponent = ""] = number.toExponential().split("e");
  const power = [...exponent.replace("+", "")].map((sign) => SUPERSCRIPTS[sign] ?? sign).join("");
  return `${mantissa.replace("-", "−")} × 10${power}`;
}

const SUPERSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [..."-0123456789"].map((sign, i) => [sign, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i] ?? sign]),
);

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ",");
