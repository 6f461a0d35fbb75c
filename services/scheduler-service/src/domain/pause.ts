/** Whether the schedule is paused, and since when. */
export interface PauseState {
  readonly paused: boolean;
  /**
   * Time of the last change, milliseconds since 1970; 0 = never changed. When two states differ, the later
   * one is valid.
   */
  readonly changedMs: number;
}

/** Stores the pause outside the queue's store, because that store may be emptied. */
export interface PauseFile {
  /** Returns the stored state. Null when nothing was stored yet. */
  read(): Promise<PauseState | null>;
  write(state: PauseState): Promise<void>;
}

/** Returns the state of the queue's store, or that of the file when it was changed later. */
export function latestPause(stored: PauseState | null, kept: PauseState | null): PauseState {
  if (stored === null) return kept ?? { paused: false, changedMs: 0 };
  return kept !== null && kept.changedMs > stored.changedMs ? kept : stored;
}
