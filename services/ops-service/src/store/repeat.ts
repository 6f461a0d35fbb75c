/**
 * Runs `work` again and again, the next time `intervalMs` after the last one has ended. A failure is not
 * reported: the database's state is watched elsewhere, and the next time does what this one did not.
 */
export function repeat(intervalMs: number, work: () => Promise<void>): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const schedule = (): void => {
    if (isStopped) return;
    timer = setTimeout(() => {
      void work()
        .catch(() => {})
        .then(schedule);
    }, intervalMs);
    timer.unref();
  };
  schedule();
  return {
    // Work that is in progress ends with its database connection, so that a stop never waits for it.
    [Symbol.dispose]() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
