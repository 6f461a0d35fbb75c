import type { CatchUpState } from "../domain/catch-up.ts";

const MAX_WEEKS = 10;

interface NextRun {
  readonly paused: boolean;
  /** Milliseconds since 1970. Null: no run is planned. */
  readonly nextRunMs: number | null;
}

/** Returns the state of the weeks and of the schedule as one line for /readyz. */
export function weeksText(state: CatchUpState, { paused, nextRunMs }: NextRun): string {
  const next = paused
    ? "none, the schedule is paused"
    : nextRunMs === null
      ? "none"
      : new Date(nextRunMs).toISOString();
  const listed = (weeks: readonly string[]): string => {
    const more = weeks.length > MAX_WEEKS ? ` and ${weeks.length - MAX_WEEKS} more` : "";
    return weeks.length === 0 ? "none" : weeks.slice(-MAX_WEEKS).join(", ") + more;
  };
  return [
    `last complete week: ${state.lastComplete ?? "none"}`,
    `next run: ${next}`,
    `missed: ${listed(state.missed)}`,
    `held: ${listed(state.held)}`,
    `failed: ${listed(state.failed)}`,
    `waiting: ${listed(state.waiting.map(({ week }) => week))}`,
  ].join("; ");
}
