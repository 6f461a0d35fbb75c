import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { startService } from "@bellwether/testing/service-process";

const ROOT = path.resolve(import.meta.dirname, "../..");
const FOLDER = path.join(ROOT, "clients/python");
const VENV = path.join(FOLDER, ".venv");
/** Python of the virtual environment. */
export const PYTHON = path.join(VENV, "bin/python");
/** Limit of one command: building the wheel downloads the compiler of the contract. */
const TIMEOUT_MS = 600_000;

/**
 * Makes a virtual environment with the pinned packages of the tests and with the wheel of the client, built from this
 * checkout. Returns the reason when this machine cannot.
 */
export function installPythonClient(): string | undefined {
  const requirements = path.join(FOLDER, "requirements-test.txt");
  const installed = path.join(VENV, "installed.sha256");
  const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const pip = (...args: string[]) => run(PYTHON, "-m", "pip", "--disable-pip-version-check", "-q", ...args);
  const wheels = mkdtempSync(path.join(os.tmpdir(), "bellwether-wheel-"));
  try {
    if (!existsSync(installed) || readFileSync(installed, "utf8") !== digest) {
      rmSync(VENV, { recursive: true, force: true });
      run("python3", "-m", "venv", VENV);
      pip("install", "-r", requirements);
      writeFileSync(installed, digest);
    }
    pip("wheel", "--no-deps", "-w", wheels, FOLDER);
    pip("install", "--no-deps", "--no-index", "--force-reinstall", "--find-links", wheels, "bellwether-client");
    return undefined;
  } catch (error) {
    if (!isMissing()) throw error;
    return "no Python 3.11 or later, or pip could not install the packages of clients/python/requirements-test.txt";
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
}

/** Whether the environment without the client is not there: the machine lacks Python or its packages. */
function isMissing(): boolean {
  return !existsSync(path.join(VENV, "installed.sha256"));
}

/**
 * Runs the tests of the Python client, those against ml-service too. Returns one text per failure: what pytest printed.
 */
export async function testPythonClient(): Promise<string[]> {
  const registry = mkdtempSync(path.join(os.tmpdir(), "bellwether-python-client-"));
  try {
    await publishDemoModel(registry);
    await using ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
    const env = { ...process.env, BELLWETHER_ML_URL: ml.web, PYTHONDONTWRITEBYTECODE: "1" };
    const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"];
    const ended = await promisify(execFile)(PYTHON, args, { cwd: FOLDER, env, timeout: TIMEOUT_MS }).catch(
      (error: Error & { readonly stdout?: string }) => ({ stdout: error.stdout ?? "", error }),
    );
    const [last = ""] = ended.stdout.trim().split("\n").slice(-1);
    if (!("error" in ended) && /^\d+ passed in /.test(last)) return [];
    return [ended.stdout || ("error" in ended ? ended.error.message : last)];
  } finally {
    rmSync(registry, { recursive: true, force: true });
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"], timeout: TIMEOUT_MS });
}
