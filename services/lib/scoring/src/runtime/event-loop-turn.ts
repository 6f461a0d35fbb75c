/** Rows computed on the event loop at once, a few milliseconds of work; other calls get their turn in between. */
export const TURN_ROWS = 1_024;

/** Lets the event loop look at what else has arrived. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
