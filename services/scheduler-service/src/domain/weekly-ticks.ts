import { isoWeekAt } from "@bellwether/contract/iso-week";
import { CronExpressionParser } from "cron-parser";
import type { Pause } from "./pause.ts";

/** A time at which the schedule starts a weekly run, and the ISO week that the run belongs to. */
export interface Tick {
  /** ISO week of `scheduledMs` in the time zone of the schedule, for example "2026-W47". */
  readonly week: string;
  /** Milliseconds since 1970. */
  readonly scheduledMs: number;
}

export interface DueTicksOptions {
  /** Cron pattern of five or six fields. */
  readonly cron: string;
  /** IANA time zone of the pattern and of the weeks. */
  readonly timeZone: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Ticks before this time are not due: the schedule did not exist. Milliseconds since 1970. */
  readonly sinceMs: number;
  /** Ticks that are older than this are not due, milliseconds. */
  readonly lookBackMs: number;
  /** Times in which the schedule was paused. Ticks in them are not due. */
  readonly pauses: readonly Pause[];
}

/** Maximum number of weeks that are returned: a year. */
const MAX_WEEKS = 53;
/** Midnight at the beginning of each ISO week. */
const WEEK_BEGINS = "0 0 * * 1";

/**
 * Returns the weeks whose tick has passed, oldest first, with the latest tick of each week. The week of a tick
 * depends on the time for which the tick was scheduled, never on the time at which it is worked off.
 */
export function dueTicks({ cron, timeZone, nowMs, sinceMs, lookBackMs, pauses }: DueTicksOptions): Tick[] {
  const fromMs = Math.max(sinceMs, nowMs - lookBackMs);
  const ticks: Tick[] = [];
  let beforeMs = nowMs + 1;
  while (ticks.length < MAX_WEEKS) {
    const scheduledMs = tickBefore(cron, timeZone, beforeMs);
    if (scheduledMs === null || scheduledMs < fromMs) break;
    const paused = pauses.find((pause) => pause.fromMs <= scheduledMs && scheduledMs < pause.toMs);
    if (paused !== undefined) {
      beforeMs = paused.fromMs;
      continue;
    }
    const week = isoWeekAt(new Date(scheduledMs), timeZone);
    if (ticks[0]?.week !== week) ticks.unshift({ week, scheduledMs });
    // The other ticks of the same week are skipped: a pattern may have one every minute.
    const beganMs = tickBefore(WEEK_BEGINS, timeZone, scheduledMs + 1);
    beforeMs = beganMs !== null && isoWeekAt(new Date(beganMs), timeZone) === week ? beganMs : scheduledMs;
  }
  return ticks;
}

/**
 * Returns the latest time before `beforeMs` that a cron pattern matches, milliseconds since 1970. Null when
 * the pattern matches no time.
 */
function tickBefore(cron: string, timeZone: string, beforeMs: number): number | null {
  try {
    // The parser compares whole seconds, and returns a time before that of `currentDate`.
    const currentDate = new Date(Math.ceil(beforeMs / 1_000) * 1_000);
    return CronExpressionParser.parse(cron, { currentDate, tz: timeZone }).prev().getTime();
  } catch {
    return null;
  }
}
