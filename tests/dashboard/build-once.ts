import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { hasChromium } from "./browser.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder of the built page. */
    dashboardDist: string;
  }
}

const DASHBOARD = path.resolve(import.meta.dirname, "../../services/dashboard");
const VITE = path.join(path.dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin/vite.js");

/** Builds the page once for all test files. Returns the function that removes it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const dist = await mkdtemp(path.join(os.tmpdir(), "dashboard-"));
  project.provide("dashboardDist", dist);
  if (hasChromium)
    await promisify(execFile)(
      process.execPath,
      [VITE, "build", "--configLoader", "native", "--logLevel", "error", "--outDir", dist, "--emptyOutDir"],
      // The test runner sets NODE_ENV to "test", with which React would be its slow and large development version.
      { cwd: DASHBOARD, env: { ...process.env, NODE_ENV: "production" } },
    );
  return () => rm(dist, { recursive: true, force: true });
}
