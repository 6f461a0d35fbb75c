import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/**
 * Maximum number of failed test files that are run a second time. A machine that does other work can make a test
 * miss its time limit; a defect makes the test fail both times.
 */
const MAX_FILES_AGAIN = 3;

/** Number of slowest files that are printed. */
const SLOWEST = 12;

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Milliseconds since 1970. */
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Result of the tests of a suite. */
export interface SuiteCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Tests of `passed` that passed only at the second attempt. */
  readonly unstable: number;
  /** Whether the suite passed. With CI=true, a skipped test is a failure. */
  readonly holds: boolean;
}

/**
 * Runs vitest with these arguments, prints the names of skipped tests, and counts the results. When at most
 * MAX_FILES_AGAIN files fail, they are run once more; tests that pass only then are printed and counted.
 */
export function runSuite(args: readonly string[]): SuiteCounts {
  const first = runOnce(args);
  let { tests, status } = first;
  let unstable: readonly TestResult[] = [];
  const again = first.failedFiles;
  if (status !== 0 && again.length > 0 && again.length <= MAX_FILES_AGAIN) {
    for (const file of again) console.log(`failed, runs once more: ${file}`);
    const second = runOnce([...args, ...again]);
    const before = new Set(tests.filter(isPassed).map(({ title }) => title));
    unstable = second.tests.filter((test) => isPassed(test) && !before.has(test.title));
    for (const test of unstable) console.log(`unstable: passed only at the second attempt: ${test.title}`);
    tests = [...tests.filter(({ file }) => !again.includes(file)), ...second.tests];
    status = second.status;
  }
  const failed = tests.filter((test) => test.status === "failed");
  const passed = tests.filter(isPassed);
  const skipped = tests.filter((test) => !failed.includes(test) && !passed.includes(test));
  for (const test of skipped) console.log(`skipped  ${test.title}`);
  return {
    passed: passed.length,
    failed: failed.length,
    skipped: skipped.length,
    unstable: unstable.length,
    holds: status === 0 && (process.env.CI !== "true" || skipped.length === 0),
  };
}

interface TestResult {
  readonly file: string;
  readonly title: string;
  readonly status: string;
}

const isPassed = ({ status }: TestResult): boolean => status === "passed";

function runOnce(args: readonly string[]) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "report-"));
  const output = path.join(folder, "report.json");
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${output}`];
  const { status } = spawnSync("vitest", ["run", ...reporters, ...args], { stdio: "inherit" });
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as JsonReport;
  rmSync(folder, { recursive: true, force: true });

  const results = testResults.map((result) => ({ ...result, file: path.relative(process.cwd(), result.name) }));
  const slowest = results
    .map(({ file, startTime, endTime }) => ({ file, seconds: (endTime - startTime) / 1000 }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  if (results.length > SLOWEST)
    console.log(`slowest files: ${slowest.map(({ file, seconds }) => `${file} ${seconds.toFixed(1)} s`).join(", ")}`);
  const tests: readonly TestResult[] = results.flatMap(({ file, assertionResults }) =>
    assertionResults.map((test) => ({ file, title: `${file}: ${test.fullName}`, status: test.status })),
  );
  const failedFiles = results.filter((result) => result.status === "failed").map(({ file }) => file);
  return { status, tests, failedFiles };
}

/** Returns the last line of a run of tests. */
export function countsLine(suites: readonly SuiteCounts[]): string {
  const sum = (of: "passed" | "failed" | "skipped" | "unstable") =>
    suites.reduce((total, suite) => total + suite[of], 0);
  const unstable = sum("unstable");
  const said = unstable > 0 ? ` (${unstable} only at the second attempt)` : "";
  return `${sum("passed")} passed${said}, ${sum("failed")} failed, ${sum("skipped")} skipped`;
}
