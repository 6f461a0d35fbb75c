import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Shell } from "./shell.ts";

/** Types `npm start` into a shell and waits until everything runs. Disposed of as by Ctrl-C; also when this process is ended. */
export async function npmStart({ cwd, env }: Shell): Promise<AsyncDisposable> {
  const child = spawn("npm", ["start"], { cwd, env, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const stop = async () => {
    // The whole group, as a terminal does.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
    await ended;
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  const lines = createInterface({ input: child.stdout });
  const isReady = await new Promise<boolean>((resolve) => {
    lines.on("line", (line) => line.startsWith("Ctrl-C stops") && resolve(true));
    lines.on("close", () => resolve(false));
  });
  if (!isReady) throw new Error("npm start ended before it was ready");
  return { [Symbol.asyncDispose]: stop };
}
