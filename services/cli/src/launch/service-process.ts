import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import os from "node:os";
import type { CliContext } from "../context/cli-context.ts";
import { startReport } from "./start-report.ts";

interface Address {
  readonly port: number;
}

/** Addresses of the listeners of a service. */
export interface Addresses {
  readonly grpc: Address;
  readonly web: Address;
  readonly admin: Address;
}

/** First message of a service: where it listens, or why it did not start. */
type StartReport = { readonly addresses: Addresses } | { readonly startError: string };

/** A service that runs as a child of this process. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: string;
  readonly addresses: Addresses;
  /** Resolves when the process has ended, with the cause in one sentence. */
  readonly ended: Promise<string>;
}

/** A service did not start. The message ends with the reason, when the service reported one. */
export class ServiceStartError extends Error {
  override readonly name = "ServiceStartError" as const;
}

/**
 * Returns the error of a failed start in one line. The service itself has printed all lines on the standard error that it
 * shares with this process, so further lines, such as a list of violations, are not repeated.
 */
export function startErrorText(startError: string): string {
  const [first = "", ...more] = startError.trim().split("\n");
  return more.length === 0 ? first : `${first.replace(/:$/, "")} (see above)`;
}

/**
 * As in a shell, the exit code of a process that a signal ended is this number plus the number of the signal.
 */
const SIGNAL_EXIT_CODE = 128;

const exitText = (code: number | null, by: NodeJS.Signals | null): string =>
  by === null ? `exit code ${code}` : `exit code ${SIGNAL_EXIT_CODE + os.constants.signals[by]} (${by})`;

/**
 * Options of Node for a service, the same as in deploy/. The chunks of a weekly run are short-lived. With more than
 * 32 MiB for young objects, V8 would hold twice as much of them, and begin a full collection before it frees them. In
 * ml-service, 16 MiB are as fast as V8's default, which keeps 67 MB resident under batches. It begins with 4 MiB instead of 1, so that
 * its start collects less often.
 */
const NODE_OPTIONS_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ["ops-service", ["--max-semi-space-size=32"]],
  ["ml-service", ["--min-semi-space-size=4", "--max-semi-space-size=16"]],
]);
/** Variables of glibc for a service, the same as in deploy/: memory of large requests that is freed goes back to the system. */
const MALLOC_OF: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["ml-service", { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "1048576" }],
]);
/**
 * Time after which a service that was asked to stop is killed. It is longer than the 10 s that a service
 * waits for the calls in progress.
 */
const STOP_MS = 15_000;

/**
 * Starts a service with the environment of the context and waits until it reports its addresses. The service
 * runs in a process group of its own, so that Ctrl-C reaches only this process. The service stops by itself
 * when this process is killed. `say` gets one line every 20 s until then.
 * @throws ServiceStartError when the service ends first
 * @throws StartTimeoutError when it reports nothing for 180 s
 */
export async function startServiceProcess(
  name: string,
  { env, cwd }: CliContext,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<ServiceProcess> {
  const main = createRequire(import.meta.url).resolve(`@bellwether/${name}/main`);
  const child = spawn(process.execPath, [...(NODE_OPTIONS_OF.get(name) ?? []), main], {
    cwd,
    env: { ...MALLOC_OF.get(name), ...env },
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
  const over = new AbortController();
  try {
    const waiting = AbortSignal.any([signal, over.signal]);
    const reported = startReport(name, child, { signal: waiting, say }) as Promise<StartReport>;
    const failed = ended.then((how) => {
      throw new ServiceStartError(`${how} while it was starting`);
    });
    const report = await Promise.race([reported, failed]);
    if ("startError" in report)
      throw new ServiceStartError(`${await ended} while it was starting: ${startErrorText(report.startError)}`);
    return { name, addresses: report.addresses, ended, [Symbol.asyncDispose]: stop };
  } catch (error) {
    over.abort(error);
    await stop();
    signal.throwIfAborted();
    throw error;
  }
}
