import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Limit of one command: the first installation downloads the packages. */
const TIMEOUT_MS = 600_000;

/** Path of Python in a virtual environment. */
export const pythonOf = (folder: string): string => path.join(folder, "bin/python");

/** Runs pip in a virtual environment; what it says about errors is shown. @throws Error when pip fails */
export function runPip(folder: string, ...args: string[]): void {
  run(pythonOf(folder), "-m", "pip", "--disable-pip-version-check", "-q", ...args);
}

/**
 * Makes a virtual environment with pinned packages, unless the folder has one with the same packages.
 * @param requirements path of the file with the packages
 * @returns the reason when this machine cannot; undefined: the environment is there
 */
export function makePythonEnvironment(folder: string, requirements: string): string | undefined {
  const installed = path.join(folder, "installed.sha256");
  const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  if (existsSync(installed) && readFileSync(installed, "utf8") === digest) return undefined;
  try {
    rmSync(folder, { recursive: true, force: true });
    run("python3", "-m", "venv", folder);
    runPip(folder, "install", "-r", requirements);
    writeFileSync(installed, digest);
    return undefined;
  } catch {
    return `no Python 3.11 or later with venv, or pip could not install the packages of ${path.basename(requirements)}`;
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"], timeout: TIMEOUT_MS });
}
