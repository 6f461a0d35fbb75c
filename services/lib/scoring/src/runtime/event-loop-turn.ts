/**
 * Number of rows that are computed in one iteration of the event loop, a few milliseconds of work. Other
 * calls are handled in between.
 */
export const TURN_ROWS = 1_024;

/** Waits for the next iteration of the event loop, so that other pending work is handled. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
