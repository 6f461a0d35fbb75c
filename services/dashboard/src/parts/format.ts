import { scoreDigits } from "@bellwether/reasons/score-text";
import { type Timestamp, timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A minus sign with the same width as "+". */
const MINUS = "−";

/** The reader's locales: numbers and dates are written as the reader writes them. The words are English. */
export const readerLocales = (): readonly string[] => globalThis.navigator?.languages ?? ["en"];

const formats = new Map<string, Intl.NumberFormat>();
/** Maximum number of formats that are kept: creating one takes longer than using it. */
const MAX_FORMATS = 100;

function numberFormat(options: Intl.NumberFormatOptions, locales: readonly string[]): Intl.NumberFormat {
  const key = JSON.stringify([options, locales]);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat([...locales], options);
    if (formats.size >= MAX_FORMATS) formats.clear();
    formats.set(key, format);
  }
  return format;
}

const dateFormats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(options: Intl.DateTimeFormatOptions, locales: readonly string[]): Intl.DateTimeFormat {
  const key = JSON.stringify([options, locales]);
  let format = dateFormats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat([...locales], options);
    if (dateFormats.size >= MAX_FORMATS) dateFormats.clear();
    dateFormats.set(key, format);
  }
  return format;
}

/**
 * Formats a risk score in [0, 1] as "0.87". Undefined: a dash.
 * @param bandLimits where they are known, a score beside one has the digits that show on which side it is
 */
export function scoreText(
  score: number | undefined,
  locales = readerLocales(),
  bandLimits?: { readonly medium: number; readonly high: number },
): string {
  if (score === undefined || !Number.isFinite(score)) return "–";
  const digits = scoreDigits(score, bandLimits ? [bandLimits.medium, bandLimits.high] : []);
  return numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }, locales).format(score);
}

/** Formats a number with its sign, as "+0.12" or "−1.05". A number that rounds to zero has no sign. */
export function signedText(value: number, digits = 2, locales = readerLocales()): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" } as const;
  return numberFormat(options, locales).format(value).replace("-", MINUS);
}

/** Formats a value of a feature: whole numbers in full, others with four significant digits. */
export function valueText(value: number, locales = readerLocales()): string {
  return numberFormat(
    Number.isInteger(value) ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 },
    locales,
  ).format(value);
}

/** Formats a count with thousands separators. */
export function countText(count: bigint | number, locales = readerLocales()): string {
  return numberFormat({}, locales).format(count);
}

/** Formats a count with its noun: "1 row", "2,000 rows". `many`: the noun for every count except 1. */
export function countOf(count: bigint | number, one: string, many = `${one}s`, locales = readerLocales()): string {
  return `${countText(count, locales)} ${Number(count) === 1 ? one : many}`;
}

/**
 * Formats an amount of money as "€1.2M", or in full as "€1,204,000". Without a valid currency: the number only.
 * Undefined: a dash.
 */
export function moneyText(
  amount: number | undefined,
  currency: string,
  { full = false, signed = false } = {},
  locales = readerLocales(),
): string {
  if (amount === undefined || !Number.isFinite(amount)) return "–";
  const options: Intl.NumberFormatOptions = {
    ...(full ? { maximumFractionDigits: 0 } : { notation: "compact", maximumFractionDigits: 1 }),
    ...(signed && { signDisplay: "exceptZero" }),
    ...(/^[A-Z]{3}$/.test(currency) && { style: "currency", currency }),
  };
  return numberFormat(options, locales).format(amount).replace("-", MINUS);
}

/** Formats a date as the reader writes it. Undefined: an empty text. */
export function dateText(time: Timestamp | undefined, locales = readerLocales()): string {
  return time ? dateFormat({ dateStyle: "medium" }, locales).format(timestampDate(time)) : "";
}

/** Formats a date with its time, in the reader's time zone. Undefined: an empty text. */
export function timeText(time: Timestamp | undefined, locales = readerLocales()): string {
  if (!time) return "";
  return dateFormat({ dateStyle: "medium", timeStyle: "short" }, locales).format(timestampDate(time));
}

/** Formats a time as "5 minutes ago", and as a date after a week. Undefined: an empty text. */
export function agoText(time: Timestamp | undefined, nowMs: number, locales = readerLocales()): string {
  if (!time) return "";
  const elapsedMs = nowMs - timestampMs(time);
  if (elapsedMs < MINUTE_MS) return "just now";
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (elapsedMs < HOUR_MS) return relative.format(-Math.floor(elapsedMs / MINUTE_MS), "minute");
  if (elapsedMs < DAY_MS) return relative.format(-Math.floor(elapsedMs / HOUR_MS), "hour");
  if (elapsedMs < 7 * DAY_MS) return relative.format(-Math.floor(elapsedMs / DAY_MS), "day");
  return dateText(time, locales);
}

/** Formats the time that has passed since `time`, for a narrow column: "5 min", "3 h", "12 d". Undefined: an empty text. */
export function ageText(time: Timestamp | undefined, nowMs: number): string {
  if (!time) return "";
  const elapsedMs = Math.max(0, nowMs - timestampMs(time));
  if (elapsedMs < HOUR_MS) return `${Math.floor(elapsedMs / MINUTE_MS)} min`;
  return elapsedMs < DAY_MS ? `${Math.floor(elapsedMs / HOUR_MS)} h` : `${Math.floor(elapsedMs / DAY_MS)} d`;
}

/**
 * Formats a feature name for a reader: "late_ratio" becomes "late ratio", and "contract_text:penalty" becomes
 * "the word “penalty” in the contract".
 */
export function featureText(feature: string): string {
  const [prefix, term] = feature.split(/:(.*)/s, 2);
  if (prefix === "contract_text" && term) return `the word “${term}” in the contract`;
  return feature.replaceAll("_", " ");
}
