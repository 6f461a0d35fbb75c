import { setTimeout as delay } from "node:timers/promises";
import { notifyParent } from "./parent-process.ts";
import type { RunningServer } from "./start-server.ts";

/** A start that hangs, as on a database that does not answer, is not waited for any longer once the service is told to end. */
const START_GRACE_MS = 10_000;

/**
 * Runs a service until SIGINT, SIGTERM or the end of the process that started it, whenever they come: while it starts too, and more than
 * once. What `start` has opened on its stack is closed in reverse order, also when it throws half-way.
 * @returns the exit code: 0 after an orderly end, 1 after a start or a stop that failed, which is printed
 */
export async function runUntilStopped(
  start: (opened: AsyncDisposableStack) => Promise<RunningServer>,
): Promise<number> {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  // Signals are listened to with their name, which would be taken for a server.
  const stop = (): void => resolve();
  // Not once: the default of a second signal ends the process at once, with what is open.
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

function print(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
}
