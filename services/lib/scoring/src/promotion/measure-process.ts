import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { MeasuredVersion, MeasureMessage, MeasureRequest } from "./measure-messages.ts";

/** Limits of the measurement of one version. */
export interface MeasureLimits {
  /** Largest resident memory of the process, in bytes. */
  readonly maxMemoryBytes: number;
  /** Longest time of the measurement, ms. */
  readonly timeoutMs: number;
}

/** A version could not be measured: it cannot be served, crashed its process, or exceeded a limit. The message is the reason. */
export class NotMeasuredError extends Error {
  override readonly name = "NotMeasuredError" as const;
}

const MAIN = fileURLToPath(import.meta.resolve("./measure-main.ts"));

/**
 * Measures a version in its own process, which gets no variables of the environment, and so no secrets. A version that crashes, hangs
 * or takes all memory ends that process only.
 * @throws NotMeasuredError; the reason of `signal` when it is aborted first
 */
export async function measureInProcess(
  task: Pick<MeasureRequest, "stored" | "input">,
  { maxMemoryBytes, timeoutMs }: MeasureLimits,
  signal?: AbortSignal,
): Promise<MeasuredVersion> {
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    env: { MALLOC_ARENA_MAX: "2" },
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, killed) => resolve(killed ?? `exit code ${code}`));
  });
  let last: MeasureMessage | undefined;
  child.on("message", (message: MeasureMessage) => {
    last ??= message;
  });
  let isLate = false;
  const stop = (): void => void child.kill("SIGKILL");
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, timeoutMs);
  signal?.addEventListener("abort", stop);
  try {
    // A request that the process does not receive shows as its end.
    child.send({ ...task, maxMemoryBytes } satisfies MeasureRequest, () => {});
    const how = await ended;
    // The channel may deliver the last message after the end of the process.
    if (last === undefined && child.connected) await once(child, "disconnect");
    signal?.throwIfAborted();
    if (last?.kind === "measured") return last.measured;
    if (isLate) throw new NotMeasuredError(`it took longer than ${timeoutMs / 1_000} s`);
    throw new NotMeasuredError(last?.reason ?? `its process ended without a result (${how})`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    stop();
    await ended;
  }
}
