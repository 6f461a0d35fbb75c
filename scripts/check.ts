// Runs every check that needs no server: generated code, contracts, style, types, dependencies, words.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { readCommandLine } from "./command-line.ts";

readCommandLine({
  command: "npm run check",
  about:
    "Runs every check that needs no server: contracts, generated code, figures, style, types, dependencies and words.",
  flags: {},
  examples: [""],
  exitCodes: "1 when a check fails",
});

/** Name of a step and its command. The check fails when a command exits with another code than 0. */
type Step = readonly [name: string, command: string, ...args: string[]];

function run([name, command, ...args]: Step): boolean {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok  " : "FAIL"}  ${name}  ${seconds} s`);
  return status === 0;
}

const fresh = mkdtempSync(path.join(os.tmpdir(), "gen-"));
// Generates with the inputs, plugins and options of `npm run gen` into another output folder.
const { plugins, ...generation } = parse(readFileSync("buf.gen.yaml", "utf8"));
const template = JSON.stringify({
  ...generation,
  plugins: plugins.map((plugin: object) => ({ ...plugin, out: fresh })),
});
const BREAKING = "contracts: no change that breaks clients";
const steps: Step[] = [
  ["contracts: lint", "buf", "lint"],
  [BREAKING, "buf", "breaking", "--against", "proto/baseline.binpb"],
  ["contracts: generate", "buf", "generate", "--template", template],
  ["contracts: gen/ is fresh", "diff", "-r", "-x", "package.json", "-x", "node_modules", fresh, "gen"],
  ["lock file", "node", "scripts/lockfile.ts", "--check"],
  ["figures", "node", "scripts/figures.ts", "--check"],
  ["style", "biome", "ci", "--error-on-warnings", "."],
  ["types", "tsc", "-b"],
  [
    "dependencies and words",
    "vitest",
    "run",
    "--reporter=minimal",
    "tests/architecture.test.ts",
    "tests/package-surface.test.ts",
    "tests/words.test.ts",
  ],
];
if (existsSync("scripts/check-kernel.ts")) steps.push(["kernel is fresh", "node", "scripts/check-kernel.ts"]);

const failed = steps.filter((step) => !run(step)).map(([name]) => name);
rmSync(fresh, { recursive: true, force: true });
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(", ")}`);
  if (failed.includes(BREAKING)) console.error("to accept the change on purpose: npm run proto:accept -- REASON");
  process.exit(1);
}
