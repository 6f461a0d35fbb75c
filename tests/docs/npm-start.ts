import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Shell } from "./shell.ts";

/**
 * Runs `npm start` and waits until all services are ready. Disposing of it ends it as Ctrl-C does. It also
 * ends when this process gets SIGINT or SIGTERM.
 */
export async function npmStart({ cwd, env }: Shell): Promise<AsyncDisposable> {
  // The week that the printed results of the documentation name.
  const started = { ...env, BELLWETHER_DEMO_WEEK: "2026-W47" };
  const child = spawn("npm", ["start"], { cwd, env: started, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const stop = async () => {
    // A terminal sends Ctrl-C to the whole process group.
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
