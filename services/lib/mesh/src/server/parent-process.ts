import type { RunningServer } from "./start-server.ts";

/**
 * Reports the service's addresses to the parent process that waits for them, and calls `stop` when the parent
 * has ended for any reason, because a service must not outlive it. Does nothing in a service whose parent
 * does not wait.
 */
export function notifyParent({ addresses }: Pick<RunningServer, "addresses">, stop: () => void): void {
  if (!process.send) return;
  // The parent ended while the modules of this process were loaded.
  if (!process.connected) {
    stop();
    return;
  }
  process.once("disconnect", stop);
  // If the parent ends at this moment, "disconnect" reports it.
  process.send({ addresses }, () => {});
}

/**
 * Reports why the service did not start to the parent process that waits for its addresses. Resolves when the parent has
 * the text, or cannot receive it.
 */
export function reportStartError(startError: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (process.send && process.connected) process.send({ startError }, () => resolve());
  else resolve();
  return promise;
}
