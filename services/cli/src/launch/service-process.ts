import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import os from "node:os";
import type { CliContext } from "../context/cli-context.ts";

interface Address {
  readonly port: number;
}

/** Where a service's doors are. */
export interface Addresses {
  readonly grpc: Address;
  readonly web: Address;
  readonly admin: Address;
}

/** A service that runs as a child of this process. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: string;
  readonly addresses: Addresses;
  /** Its end, however it came, in one sentence. */
  readonly ended: Promise<string>;
}

/** A service did not come up; the line above, its own, says why. */
export class ServiceStartError extends Error {
  override readonly name = "ServiceStartError" as const;
}

/** Shells give a process that a signal ended this exit code and the signal's number. */
const SIGNAL_EXIT_CODE = 128;

const exitText = (code: number | null, by: NodeJS.Signals | null): string =>
  by === null ? `exit code ${code}` : `exit code ${SIGNAL_EXIT_CODE + os.constants.signals[by]} (${by})`;

const READY_MS = 30_000;
/** Calls in flight may take 10 s to end. */
const STOP_MS = 15_000;

/**
 * Starts a service on the environment of the context and waits for it to say where it listens. It is out of the terminal's reach, so that
 * Ctrl-C comes to this process alone, and it ends by itself when this process is killed.
 * @throws ServiceStartError when it ends first or says nothing for 30 s
 */
export async function startServiceProcess(
  name: string,
  { env, cwd }: CliContext,
  signal: AbortSignal,
): Promise<ServiceProcess> {
  const main = createRequire(import.meta.url).resolve(`@bellwether/${name}/main`);
  const child = spawn(process.execPath, [main], {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(
    (exit) => `${name} ended with ${exitText(...(exit as [number | null, NodeJS.Signals | null]))}`,
  );
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(late);
  };
  try {
    const waiting = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
    const reported = once(child, "message", { signal: waiting }).then(
      ([message]) => (message as { addresses: Addresses }).addresses,
    );
    const failed = ended.then((how) => {
      throw new ServiceStartError(`${how} while it was starting`);
    });
    return { name, addresses: await Promise.race([reported, failed]), ended, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    if (error instanceof ServiceStartError) throw error;
    throw new ServiceStartError(`${name} does not listen after ${READY_MS / 1000} s`, { cause: error });
  }
}
