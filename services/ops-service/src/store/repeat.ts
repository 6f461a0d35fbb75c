/**
 * Runs `work` again and again, the next time `intervalMs` after the last one has ended. A failure is not
 * reported: the database's state is watched elsewhere, and the next time does what this one did not.
 */
export function repeat(intervalMs: number, work: () => Promise<void>): AsyncDisposable {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;
  const schedule = (): void => {
    if (isStopped) return;
    timer = setTimeout(() => {
      running = work()
        .catch(() => {})
        .then(schedule);
    }, intervalMs);
    timer.unref();
  };
  schedule();
  return {
    async [Symbol.asyncDispose]() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
