import { type DestinationSpec, WEEKDAYS } from "@bellwether/config/notice-routes";
import { isWithinDay, minuteOfDay, nextLocalTime } from "./local-time.ts";

/** What of a destination decides when its notices are sent. */
export type DestinationTimes = Pick<DestinationSpec, "digest" | "timeZone" | "quietHours">;

/** Returns whether a time is within the quiet hours of a destination. */
export function isQuietAt({ timeZone, quietHours }: DestinationTimes, at: Date): boolean {
  return quietHours !== null && isWithinDay(minuteOfDay(at, timeZone), quietHours.from, quietHours.to);
}

/** Returns the time itself, or the end of the quiet hours that it is in. */
export function afterQuietHours(destination: DestinationTimes, at: Date): Date {
  const { timeZone, quietHours } = destination;
  return quietHours && isQuietAt(destination, at) ? nextLocalTime(at, timeZone, quietHours.to, null) : at;
}

/** Returns when a notice may be sent: at once or with the next digest, and not within quiet hours. */
export function dueTime(destination: DestinationTimes, isAtOnce: boolean, now: Date): Date {
  const { digest, timeZone } = destination;
  // A destination without a digest gets the notice at once.
  const at =
    isAtOnce || !digest
      ? now
      : nextLocalTime(now, timeZone, digest.at, digest.on === null ? null : WEEKDAYS.indexOf(digest.on));
  return afterQuietHours(destination, at);
}
