/**
 * Runs work when asked, never twice at once. Asked while it runs, however often, it runs once more afterwards: what was asked for
 * last is always answered, and a storm of requests cannot keep the first from ending. A failed run counts as done.
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
