import { readdir, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { EnvSource } from "@bellwether/env/env";
import { runProgram } from "@bellwether/files/run-program";

/** Sources of the dashboard, relative to the repository. */
const SOURCES = ["gen", "services/dashboard/src", "services/dashboard/public", "services/dashboard/index.html"];

/**
 * Builds the dashboard when its sources are newer than the last build.
 * @returns the folder with the built dashboard, or null when it was never built and Vite is not installed
 * @param given variables of the build. Its NODE_ENV is always "production": with another one, React would be its slow development version.
 * @param signal stops the build
 * @throws Error with the output of Vite; the reason of `signal`
 */
export async function buildPage(repository: string, given: EnvSource, signal: AbortSignal): Promise<string | null> {
  const dashboard = path.join(repository, "services/dashboard");
  const dist = path.join(dashboard, "dist");
  const built = await changedMs(path.join(dist, "index.html"));
  const newest = Math.max(...(await Promise.all(SOURCES.map((source) => newestMs(path.join(repository, source))))));
  if (built > newest) return dist;
  const vite = builder();
  if (vite === null) return built > 0 ? dist : null;
  // A build that is killed leaves a folder of this name, which ops-service never serves.
  const fresh = `${dist}.${process.pid}`;
  const quietly = ["--configLoader", "native", "--logLevel", "error"];
  try {
    const args = [vite, "build", ...quietly, "--outDir", fresh];
    await runProgram(process.execPath, args, { cwd: dashboard, env: { ...given, NODE_ENV: "production" } }, signal);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
  return dist;
}

/** Returns the path of Vite's program, or null when only production dependencies are installed. */
function builder(): string | null {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin/vite.js");
  } catch {
    return null;
  }
}

async function newestMs(place: string): Promise<number> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Math.max(0, ...(await Promise.all((files.length > 0 ? files : [place]).map(changedMs))));
}

const changedMs = (file: string): Promise<number> =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
