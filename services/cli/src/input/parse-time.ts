import { endOfDay } from "@bellwether/contract/end-of-day";
import { InvalidArgumentError } from "commander";

const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/;

/** Parses the text of an option that is a day, which ends with its last second in UTC, or a time with its time zone. */
export function dayOrTime(text: string): Date {
  const day = endOfDay(text);
  if (day) return day;
  const time = new Date(text);
  if (!endOfDay(TIME.exec(text)?.[1] ?? "") || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError(
      "expected a day such as 2026-12-31 (until its end, UTC), or a time with its time zone such as 2026-12-31T17:00:00+01:00",
    );
  return time;
}
