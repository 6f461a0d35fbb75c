/**
 * Rows computed in one turn of the event loop, a few milliseconds of work; other calls have their turn in
 * between.
 */
export const TURN_ROWS = 1_024;

/** Waits for one turn of the event loop, so that other pending work is handled. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
