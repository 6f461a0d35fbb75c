import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { startService } from "@bellwether/testing/service-process";
import { makePythonEnvironment, pythonOf, runPip } from "./python-environment.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const FOLDER = path.join(ROOT, "clients/python");
const VENV = path.join(FOLDER, ".venv");
/** Python of the virtual environment. */
export const PYTHON = pythonOf(VENV);
/** Limit of the tests. */
const TIMEOUT_MS = 600_000;

/**
 * Makes a virtual environment with the pinned packages of the tests and with the wheel of the client, built from this
 * checkout. Returns the reason when this machine cannot.
 */
export function installPythonClient(): string | undefined {
  const missing = makePythonEnvironment(VENV, path.join(FOLDER, "requirements-test.txt"));
  if (missing !== undefined) return missing;
  const wheels = mkdtempSync(path.join(os.tmpdir(), "bellwether-wheel-"));
  try {
    runPip(VENV, "wheel", "--no-deps", "-w", wheels, FOLDER);
    const offline = ["--no-deps", "--no-index", "--force-reinstall", "--find-links", wheels];
    runPip(VENV, "install", ...offline, "bellwether-client");
    return undefined;
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
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
