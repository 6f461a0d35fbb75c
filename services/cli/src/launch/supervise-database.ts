import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Secret } from "@bellwether/env/secret";
import { startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";
import { type SupervisedProcess, type SupervisorOptions, superviseService } from "./supervise-service.ts";

/** The database that the services use. */
export interface StartedDatabase extends SupervisedProcess {
  readonly url: string;
}

/** Interval of the checks, ms. The server is not a child of this process, so no event reports its end. */
const LOOK_MS = 250;

/**
 * Opens the database of DATABASE_URL, which is never started or stopped here, or starts an embedded server
 * with its cluster in `data`/postgres. An embedded server that ends by itself is started again on the same
 * port. `ended` resolves when the server has ended for the third time within a minute.
 * @param signal aborts the start of the server
 * @throws StorageError in one line
 */
export async function superviseDatabase(
  given: Secret | null,
  data: string,
  options: SupervisorOptions,
  signal: AbortSignal,
): Promise<StartedDatabase> {
  const name = "PostgreSQL";
  if (given !== null) {
    const ended = Promise.withResolvers<string>();
    return { name, url: given.reveal(), ended: ended.promise, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const dir = path.join(data, "postgres");
  let port = 0;
  return superviseService(async (stopping): Promise<StartedDatabase> => {
    await using starting = new AsyncDisposableStack();
    const server = starting.use(
      await startEmbeddedPostgres({ dir, port, signal: AbortSignal.any([signal, stopping]) }),
    );
    stopping.throwIfAborted();
    port = Number(new URL(server.url).port);
    const started = starting.move();
    const ended = untilGone(server.pid, stopping).then(
      () => `${name} (process ${server.pid}, log ${server.log}) ended`,
    );
    return { name, url: server.url, ended, [Symbol.asyncDispose]: () => started.disposeAsync() };
  }, options);
}

async function untilGone(pid: number, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted && isAlive(pid)) await pause(LOOK_MS);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
