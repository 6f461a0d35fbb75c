/** Whether the schedule starts runs, and since when. */
export interface PauseState {
  readonly paused: boolean;
  /** Milliseconds since 1970; 0: never changed. Of two that differ, the later one counts. */
  readonly changedMs: number;
}

/** Where the pause is kept beside the queue's store, which may be emptied. */
export interface PauseFile {
  /** Null: nothing was kept yet. */
  read(): Promise<PauseState | null>;
  write(state: PauseState): Promise<void>;
}

/** The state in the queue's store, unless the file's was changed later. */
export function latestPause(stored: PauseState | null, kept: PauseState | null): PauseState {
  if (stored === null) return kept ?? { paused: false, changedMs: 0 };
  return kept !== null && kept.changedMs > stored.changedMs ? kept : stored;
}
