import { IsoWeekError, parseIsoWeek } from "@bellwether/contract/iso-week";
import { InvalidArgumentError } from "commander";

/** Returns the parser of an option that is a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
    return value;
  };
}

/** Parses the text of an option that is a share from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (!/^\d{1,3}(\.\d{1,15})?$/.test(text) || value > 1)
    throw new InvalidArgumentError("expected a number from 0 to 1");
  return value;
}

/** Parses the text of an option that is an ISO week. */
export function isoWeek(text: string): string {
  try {
    return parseIsoWeek(text);
  } catch (error) {
    throw error instanceof IsoWeekError ? new InvalidArgumentError(error.message) : error;
  }
}

/** Maximum length of a reason, characters. */
const MAX_REASON = 500;

/** Parses the text of an option that is a reason for the audit log. */
export function reason(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "" || [...trimmed].length > MAX_REASON || trimmed.includes("\0"))
    throw new InvalidArgumentError(`expected a reason of 1 to ${MAX_REASON} characters`);
  return trimmed;
}
