import { InvalidArgumentError } from "commander";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/;

/** Parses the text of an option that is a day, which begins at 00:00 UTC, or a time with its zone. */
export function dateOrTime(text: string): Date {
  const day = DATE.test(text) ? text : TIME.exec(text)?.[1];
  const time = new Date(text);
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(time.getTime()) || Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day)
    throw new InvalidArgumentError(
      "expected a day such as 2026-12-31 (00:00 UTC), or a time with its zone such as 2026-12-31T17:00:00+01:00",
    );
  return time;
}
