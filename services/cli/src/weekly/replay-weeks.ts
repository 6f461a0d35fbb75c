import { isoWeekNumber, isoWeekOfNumber, isoWeekStart } from "@bellwether/contract/iso-week";
import { UsageError } from "../errors/usage-error.ts";

/** Step between two weeks of a replay. */
export type ReplayStep = { readonly weeks: number } | "month";

const DAY_MS = 86_400_000;
/** Maximum number of weeks of one replay: 30 years. */
const MAX_WEEKS = 1_600;

/** Parses "1w" to "52w" or "1month". Null for any other text. */
export function parseReplayStep(text: string): ReplayStep | null {
  if (text === "1month") return "month";
  const weeks = Number(/^(\d{1,2})w$/.exec(text)?.[1] ?? 0);
  return weeks >= 1 && weeks <= 52 ? { weeks } : null;
}

/**
 * Returns the ISO weeks of a replay in their order: every n-th week from `from` on, or of each month the last week
 * that ends in it. Both ends are included.
 * @throws UsageError when no week is left, or too many are
 */
export function replayWeeks(from: string, to: string, step: ReplayStep): string[] {
  const [first, last] = [isoWeekNumber(from) ?? 0, isoWeekNumber(to) ?? 0];
  if (first > last) throw new UsageError(`--from ${from} is after --to ${to}`);
  if (last - first >= MAX_WEEKS) throw new UsageError(`--from ${from} --to ${to} are more than ${MAX_WEEKS} weeks`);
  const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const weeks = numbers
    .filter((number) => (step === "month" ? endsMonth(isoWeekOfNumber(number)) : (number - first) % step.weeks === 0))
    .map(isoWeekOfNumber);
  if (weeks.length === 0) throw new UsageError(`no week that ends a month is between --from ${from} and --to ${to}`);
  return weeks;
}

/** Whether the Sunday of a week is the last Sunday of its month. */
function endsMonth(week: string): boolean {
  const sundayMs = Date.parse(isoWeekStart(week)) + 6 * DAY_MS;
  return new Date(sundayMs).getUTCMonth() !== new Date(sundayMs + 7 * DAY_MS).getUTCMonth();
}
