import { isIsoDate } from "@bellwether/config/iso-date";
import { IsoWeekError, parseIsoWeek } from "@bellwether/contract/iso-week";
import { REASON_PATTERN, trimReason } from "@bellwether/contract/reason-text";
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

/** ISO weeks from `from` to `to`, both included. */
export interface WeekRange {
  readonly from: string;
  readonly to: string;
}

/** Parses the text of an option that is a window of ISO weeks, for example 2026-W01..2026-W26. */
export function weekRange(text: string): WeekRange {
  const [first = "", last = "", ...more] = text.split("..");
  if (first === "" || last === "" || more.length > 0)
    throw new InvalidArgumentError("expected two ISO weeks, for example 2026-W01..2026-W26");
  const [from, to] = [isoWeek(first), isoWeek(last)];
  if (from > to) throw new InvalidArgumentError(`expected the earlier week first: ${to}..${from}`);
  return { from, to };
}

/** Parses the text of an option that is a day. */
export function isoDate(text: string): string {
  if (!isIsoDate(text)) throw new InvalidArgumentError("expected a day, for example 2026-03-01");
  return text;
}

/** Parses the text of an option that is the id of a stored object. @param where what shows these ids */
export function uuid(where: string): (text: string) => string {
  return (text) => {
    if (!UUID.test(text)) throw new InvalidArgumentError(`expected a UUID, as ${where} shows it`);
    return text.toLowerCase();
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Parses the text of an option that is the name of a person. */
export function personName(text: string): string {
  if (!REASON_PATTERN.test(text))
    throw new InvalidArgumentError("expected a name in one line, with at least one visible character");
  return text.trim();
}

/** Bounds of the reasons of the contract, in bytes: those of most RPCs, of absences and sessions, and of the model registry. */
export const MAX_REASON_BYTES = 2_000;
export const MAX_ABSENCE_REASON_BYTES = 512;
export const MAX_MODEL_REASON_BYTES = 500;

/** Returns the parser of an option that is a reason, with the bound that its field has in the contract. */
export function reasonUpTo(maxBytes: number): (text: string) => string {
  const form = `a reason of 1 to ${maxBytes.toLocaleString("en-US")} bytes in UTF-8 in one line, with at least one visible character`;
  return (text) => {
    const trimmed = trimReason(text);
    if (!REASON_PATTERN.test(trimmed) || Buffer.byteLength(trimmed) > maxBytes)
      throw new InvalidArgumentError(`expected ${form}`);
    return trimmed;
  };
}

/** Parses the text of an option that is a reason for the audit log. */
export const reason = reasonUpTo(MAX_REASON_BYTES);
