import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

interface JsonReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Result of the tests of a suite. */
export interface SuiteCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Whether the suite passed. With CI=true, a skipped test is a failure. */
  readonly holds: boolean;
}

/** Runs vitest with these arguments, prints the names of skipped tests, and counts the results. */
export function runSuite(args: readonly string[]): SuiteCounts {
  const folder = mkdtempSync(path.join(os.tmpdir(), "report-"));
  const file = path.join(folder, "report.json");
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${file}`];
  const { status } = spawnSync("vitest", ["run", ...reporters, ...args], { stdio: "inherit" });
  const report = JSON.parse(readFileSync(file, "utf8")) as JsonReport;
  rmSync(folder, { recursive: true, force: true });

  const skipped = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((test) => test.status !== "passed" && test.status !== "failed")
      .map((test) => `${path.relative(process.cwd(), name)}: ${test.fullName}`),
  );
  for (const test of skipped) console.log(`skipped  ${test}`);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: skipped.length,
    holds: status === 0 && (process.env.CI !== "true" || skipped.length === 0),
  };
}

/** Returns the last line of a run of tests. */
export function countsLine(suites: readonly SuiteCounts[]): string {
  const sum = (of: "passed" | "failed" | "skipped") => suites.reduce((total, suite) => total + suite[of], 0);
  return `${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`;
}
