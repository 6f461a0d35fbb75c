import { setTimeout as delay } from "node:timers/promises";
import { notifyParent, reportStartError } from "./parent-process.ts";
import type { RunningServer } from "./start-server.ts";

/**
 * After a signal, a service that is still starting (for example because a database does not answer) gets at
 * most this time to finish its start.
 */
const START_GRACE_MS = 10_000;

/**
 * Runs a service until SIGINT, SIGTERM or the end of its parent process. Each may come at any time, also
 * during the start, and more than once. Everything that `start` has put on its stack is closed in reverse
 * order, also when `start` throws half-way. The error of a failed start is printed, and reported to a parent process that
 * waits for the service.
 * @returns the exit code: 0 after a normal end, 1 after a failed start or stop, whose error is printed
 */
export async function runUntilStopped(
  start: (opened: AsyncDisposableStack) => Promise<RunningServer>,
): Promise<number> {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  // Signal listeners receive the signal's name, which `stop` must not take for a server.
  const stop = (): void => resolve();
  // "on" and not "once": the default action of a second signal would end the process at once, with everything
  // still open.
  process.on("SIGINT", stop).on("SIGTERM", stop);
  if (process.send) process.once("disconnect", stop);
  const opened = new AsyncDisposableStack();
  let code = 0;
  try {
    const starting = start(opened);
    const server = await Promise.race([starting, asked]);
    if (server) {
      notifyParent(server, stop);
      await asked;
    } else {
      const settled = starting.then(
        () => true,
        () => true,
      );
      if (!(await Promise.race([settled, delay(START_GRACE_MS, false, { ref: false })]))) code = 1;
    }
  } catch (error) {
    print(error);
    await reportStartError(textOf(error));
    code = 1;
  }
  try {
    await opened.disposeAsync();
  } catch (error) {
    print(error);
    code = 1;
  }
  return code;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function print(error: unknown): void {
  console.error(textOf(error));
}
