import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A minus sign with the same width as "+". */
const MINUS = "−";

/** Formats a risk score in [0, 1] as "0.87". Undefined: a dash. */
export function scoreText(score: number | undefined): string {
  return score === undefined || !Number.isFinite(score) ? "–" : score.toFixed(2);
}

/** Formats a number with its sign, as "+0.12" or "−1.05". A number that rounds to zero has no sign. */
export function signedText(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? MINUS : "+"}${text}`;
}

/** Formats a count with thousands separators. */
export function countText(count: bigint | number): string {
  return new Intl.NumberFormat("en").format(count);
}

/** Formats a time as "5 minutes ago", and as a date after a week. Undefined: an empty text. */
export function agoText(time: Timestamp | undefined, nowMs: number): string {
  if (!time) return "";
  const elapsedMs = nowMs - timestampMs(time);
  if (elapsedMs < MINUTE_MS) return "just now";
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (elapsedMs < HOUR_MS) return relative.format(-Math.floor(elapsedMs / MINUTE_MS), "minute");
  if (elapsedMs < DAY_MS) return relative.format(-Math.floor(elapsedMs / HOUR_MS), "hour");
  if (elapsedMs < 7 * DAY_MS) return relative.format(-Math.floor(elapsedMs / DAY_MS), "day");
  return new Intl.DateTimeFormat("en", { dateStyle: "medium" }).format(timestampMs(time));
}

/**
 * Formats a feature name for a reader: "late_ratio" becomes "late ratio", "contract_text:penalty" becomes the
 * word “penalty” of the contract.
 */
export function featureText(feature: string): string {
  const [prefix, term] = feature.split(/:(.*)/s, 2);
  if (prefix === "contract_text" && term) return `contract: “${term}”`;
  return feature.replaceAll("_", " ");
}
