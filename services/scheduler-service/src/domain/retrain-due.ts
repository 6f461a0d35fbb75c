import type { RetrainPolicy } from "@bellwether/config/retrain-policy";
import { isoWeekEnd, isoWeekNumber, isoWeekOfNumber } from "@bellwether/contract/iso-week";
import { countText } from "@bellwether/reasons/count-text";

/** Why a retrain was started. "person": by TriggerRetrain. */
export type RetrainTrigger = "drift" | "outcomes" | "age" | "person";

/** ISO weeks whose rows are used, both included. */
export interface RetrainWindow {
  readonly from: string;
  readonly to: string;
}

/** A retrain that is due. */
export interface DueRetrain {
  readonly trigger: Exclude<RetrainTrigger, "person">;
  /** Why, in one sentence without a full stop. */
  readonly reason: string;
  readonly window: RetrainWindow;
}

/** Whether a retrain is due. */
export type DueState =
  | { readonly due: DueRetrain; readonly waits: "" }
  | {
      readonly due: null;
      /** Why nothing is due, in one sentence without a full stop. */
      readonly waits: string;
    };

/** The newest complete week of the model. */
export interface NewestWeek {
  readonly week: string;
  /** Features and scores with a drift alarm against the training rows. */
  readonly driftAlarms: readonly string[];
}

/** The last retrain that began. */
export interface LastRetrain {
  readonly beganMs: number;
  /** The last ISO week of its window. */
  readonly toWeek: string;
}

/** What decides whether a retrain is due. Each function is called only when the answer needs it. */
export interface DueFacts {
  /** Null: none has begun. */
  readonly last: LastRetrain | null;
  /** Whether any outcome is recorded. */
  hasOutcomes(): Promise<boolean>;
  /** Null: no week is complete. */
  newestWeek(): Promise<NewestWeek | null>;
  /** Returns the complete weeks of a window that have a snapshot. */
  weeksIn(window: RetrainWindow): Promise<readonly string[]>;
  /** Returns the number of outcomes that were recorded after a time, at most `atMost`. */
  countOutcomesSince(sinceMs: number, atMost: number): Promise<number>;
  /** When the newest version was published, epoch milliseconds. Null: there is none. */
  newestVersionMs(): Promise<number | null>;
}

const DAY_MS = 86_400_000;
/** Number of features that a reason names. */
const NAMED = 5;

/**
 * Decides whether a retrain is due: by drift, by new outcomes, or by age, in this order. Nothing is due as long as no outcome is
 * recorded, the labels of too few weeks are known, or the last retrain began a short time ago.
 * @param labelDays number of days after the end of a week after which the labels of its suppliers are known
 */
export async function findDueRetrain(
  policy: RetrainPolicy,
  facts: DueFacts,
  labelDays: number,
  nowMs: number,
): Promise<DueState> {
  const waits = (text: string): DueState => ({ due: null, waits: text });
  if (!policy.isAutomatic) return waits("retrain.starts of the risk policy is by_hand");
  const { last } = facts;
  const earliestMs = last === null ? 0 : last.beganMs + policy.minDaysBetween * DAY_MS;
  if (last !== null && nowMs < earliestMs)
    return waits(
      `the last retrain began on ${dayText(last.beganMs)}, the next one begins on ${dayText(earliestMs)} or later`,
    );
  if (!(await facts.hasOutcomes())) return waits("no outcome is recorded");
  const newest = await facts.newestWeek();
  if (newest === null) return waits("no week is complete");
  const window = windowUntil(newest.week, policy.windowWeeks);
  const known = (await facts.weeksIn(window)).filter((week) => endMs(week) + labelDays * DAY_MS <= nowMs);
  if (known.length < policy.minWeeks)
    return waits(
      `the labels of ${countText(known.length, "week")} from ${window.from} to ${window.to} are known, of weeks with a snapshot that ended ${countText(labelDays, "day")} ago or earlier; ${policy.minWeeks} are needed (retrain.min_weeks, retention.snapshot_weeks)`,
    );
  const found =
    byDrift(policy, newest, last) ?? (await byOutcomes(policy, facts, last)) ?? (await byAge(policy, facts, nowMs));
  return found === null
    ? waits("neither drift, new outcomes nor the age of the newest version reach their limits")
    : { due: { ...found, window }, waits: "" };
}

/** Returns the window of `weeks` weeks that ends with a week. */
export function windowUntil(to: string, weeks: number): RetrainWindow {
  const number = isoWeekNumber(to);
  if (number === undefined) throw new Error(`${to} is not an ISO week`);
  return { from: isoWeekOfNumber(number - weeks + 1), to };
}

type Found = Pick<DueRetrain, "trigger" | "reason"> | null;

/** A week that an earlier retrain has already used does not cause another one. */
function byDrift(
  { driftAlarms: limit }: RetrainPolicy,
  { week, driftAlarms }: NewestWeek,
  last: LastRetrain | null,
): Found {
  if (limit === 0 || driftAlarms.length < limit || (last !== null && last.toWeek >= week)) return null;
  const named = `${driftAlarms.slice(0, NAMED).join(", ")}${driftAlarms.length > NAMED ? ", …" : ""}`;
  return {
    trigger: "drift",
    reason: `${week} has ${countText(driftAlarms.length, "drift alarm")} against the training rows (${named})`,
  };
}

async function byOutcomes({ newOutcomes }: RetrainPolicy, facts: DueFacts, last: LastRetrain | null): Promise<Found> {
  if (newOutcomes === 0) return null;
  const count = await facts.countOutcomesSince(last?.beganMs ?? 0, newOutcomes);
  if (count < newOutcomes) return null;
  const since = last === null ? "" : ` since ${dayText(last.beganMs)}`;
  return { trigger: "outcomes", reason: `${newOutcomes} or more outcomes were recorded${since}` };
}

async function byAge({ maxAgeDays }: RetrainPolicy, facts: DueFacts, nowMs: number): Promise<Found> {
  const publishedMs = maxAgeDays === 0 ? null : await facts.newestVersionMs();
  if (publishedMs === null || nowMs - publishedMs < maxAgeDays * DAY_MS) return null;
  return {
    trigger: "age",
    reason: `the newest version is of ${dayText(publishedMs)}, older than ${countText(maxAgeDays, "day")}`,
  };
}

/** Returns the end of a week, epoch milliseconds. */
const endMs = (week: string): number => Date.parse(isoWeekEnd(week)) + DAY_MS;
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
