// Runs the suite and closes with one line that counts it; with CI=true a skipped test fails the run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

interface JsonReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const folder = mkdtempSync(path.join(os.tmpdir(), "report-"));
const file = path.join(folder, "report.json");
const { status } = spawnSync(
  "vitest",
  ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${file}`, ...process.argv.slice(2)],
  { stdio: "inherit" },
);
const report = JSON.parse(readFileSync(file, "utf8")) as JsonReport;
rmSync(folder, { recursive: true, force: true });

const skipped = report.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter((test) => test.status !== "passed" && test.status !== "failed")
    .map((test) => `${path.relative(process.cwd(), name)}: ${test.fullName}`),
);
for (const test of skipped) console.log(`skipped  ${test}`);
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed, ${skipped.length} skipped`);
process.exit(status === 0 && (process.env.CI !== "true" || skipped.length === 0) ? 0 : 1);
