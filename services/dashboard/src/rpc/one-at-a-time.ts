/**
 * Returns a function that runs `work`, never twice at the same time. However often it is called during a run,
 * it runs once more afterwards, so the last call always has an effect, and many calls cannot restart a run in
 * progress. A failed run counts as done.
 */
export function oneAtATime(work: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    running = true;
    do {
      again = false;
      await work().catch(() => {});
    } while (again);
    running = false;
  };
  return () => {
    if (running) again = true;
    else void run();
  };
}
