/**
 * Creates turns: each `await turn()` continues in an iteration of the event loop of its own, in the order of the
 * calls. Work between two turns, such as a page for each of many watches, therefore delays other calls by one piece
 * only, because the event loop reads sockets in between.
 */
export function createTurns(): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return last;
  };
}
