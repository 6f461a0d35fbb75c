import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { ProcessLockedError, takeProcessLock } from "@bellwether/files/process-lock";
import type { CliContext } from "../context/cli-context.ts";

/** Another `bellwether start` uses the data folder. */
export class StartedAlreadyError extends Error {
  override readonly name = "StartedAlreadyError" as const;
}

/**
 * Makes this process the only one that starts the services of a data folder.
 * @throws StartedAlreadyError while another process has started them; StorageError
 */
export async function takeStartLock(file: string, { env }: Pick<CliContext, "env">): Promise<AsyncDisposable> {
  try {
    return await takeProcessLock(file);
  } catch (error) {
    if (!(error instanceof ProcessLockedError)) throw error;
    const port = env.OPS_SERVICE_WEB_PORT || String(DEFAULT_PORTS.OPS_SERVICE.web);
    const scheme = env.BELLWETHER_TLS_CERT ? "https" : "http";
    const place = port === "0" ? "" : ` at ${scheme}://localhost:${port}, if its ports are those of this environment`;
    const holder = error.pid === null ? "another process" : `process ${error.pid}`;
    throw new StartedAlreadyError(
      `the services run already${place}: ${holder} has started them and holds ${file}. To start them again, stop that process first`,
      { cause: error },
    );
  }
}
