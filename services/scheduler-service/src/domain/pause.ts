/** A time in which the schedule was paused. Ticks in it are not caught up: a person did not want them. */
export interface Pause {
  /** Milliseconds since 1970, inclusive. */
  readonly fromMs: number;
  /** Milliseconds since 1970, exclusive; Infinity while the schedule is paused. */
  readonly toMs: number;
}

/** Whether the schedule is paused, and since when. */
export interface PauseState {
  readonly paused: boolean;
  /**
   * Time of the last change, milliseconds since 1970; 0 = never changed. When two states differ, the later
   * one is valid.
   */
  readonly changedMs: number;
  /** When the schedule began, milliseconds since 1970. Undefined: not known yet. */
  readonly sinceMs?: number | undefined;
  /** Earlier pauses that have ended, oldest first. Undefined: none. */
  readonly pauses?: readonly Pause[] | undefined;
}

/** Stores the pause outside the queue's store, because that store may be emptied. */
export interface PauseFile {
  /** Returns the stored state. Null when nothing was stored yet. */
  read(): Promise<PauseState | null>;
  write(state: PauseState): Promise<void>;
}

/**
 * Returns the state of the queue's store, or that of the file when it was changed later. The schedule began at
 * the earlier one of both beginnings: either place may have been emptied.
 */
export function latestPause(stored: PauseState | null, kept: PauseState | null): PauseState {
  const known = [stored?.sinceMs, kept?.sinceMs].filter((ms) => ms !== undefined);
  const sinceMs = known.length === 0 ? undefined : Math.min(...known);
  if (stored === null) return { ...(kept ?? { paused: false, changedMs: 0 }), sinceMs };
  return { ...(kept !== null && kept.changedMs > stored.changedMs ? kept : stored), sinceMs };
}

/** Number of pauses that are remembered. Older ones are before the look-back of any schedule that is used. */
const MAX_PAUSES = 50;

/** Returns the state after a person paused or resumed the schedule. */
export function changePause(state: PauseState, paused: boolean, nowMs: number): PauseState {
  const { sinceMs, pauses = [] } = state;
  // A pause that is requested again keeps its beginning.
  const changedMs = paused && state.paused ? state.changedMs : nowMs;
  const ended = state.paused && !paused ? [...pauses, { fromMs: state.changedMs, toMs: nowMs }] : pauses;
  return { paused, changedMs, sinceMs, ...(ended.length > 0 && { pauses: ended.slice(-MAX_PAUSES) }) };
}

/** Returns all pauses of the schedule, including the present one. */
export function pausesOf({ paused, changedMs, pauses = [] }: PauseState): readonly Pause[] {
  return paused ? [...pauses, { fromMs: changedMs, toMs: Number.POSITIVE_INFINITY }] : pauses;
}

/**
 * Returns the beginning and the earlier pauses in a stored state, without those that are invalid. States that an
 * earlier release stored have none.
 */
export function timesOf(stored: object): Pick<PauseState, "sinceMs" | "pauses"> {
  const sinceMs = "sinceMs" in stored && typeof stored.sinceMs === "number" ? { sinceMs: stored.sinceMs } : {};
  const listed: readonly unknown[] = "pauses" in stored && Array.isArray(stored.pauses) ? stored.pauses : [];
  const pauses = listed.filter(isPause);
  return { ...sinceMs, ...(pauses.length > 0 && { pauses }) };
}

function isPause(value: unknown): value is Pause {
  if (typeof value !== "object" || value === null || !("fromMs" in value && "toMs" in value)) return false;
  return typeof value.fromMs === "number" && typeof value.toMs === "number";
}
