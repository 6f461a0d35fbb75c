import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Output, runCommand } from "./run-command.ts";

/**
 * Maximum number of failed test files that are run a second time. A machine that does other work can make a test
 * miss its time limit; a defect makes the test fail both times.
 */
const MAX_FILES_AGAIN = 5;

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
  /** Titles of the tests that failed, and names of the files whose tests did not run. */
  readonly failed: readonly string[];
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
export async function runSuite(args: readonly string[], output: Output): Promise<SuiteCounts> {
  const first = await runOnce(args, output);
  let { tests, status, failedFiles } = first;
  let unstable: readonly TestResult[] = [];
  if (status !== 0 && failedFiles.length > 0 && failedFiles.length <= MAX_FILES_AGAIN) {
    const again = failedFiles;
    for (const file of again) output.line(`failed, runs once more: ${file}`);
    const second = await runOnce([...args, ...again], output);
    const before = new Set(tests.filter(isPassed).map(({ title }) => title));
    unstable = second.tests.filter((test) => isPassed(test) && !before.has(test.title));
    for (const test of unstable) output.line(`unstable: passed only at the second attempt: ${test.title}`);
    tests = [...tests.filter(({ file }) => !again.includes(file)), ...second.tests];
    ({ status, failedFiles } = second);
  }
  const failed = tests.filter((test) => test.status === "failed");
  const passed = tests.filter(isPassed);
  const skipped = tests.filter((test) => !failed.includes(test) && !passed.includes(test));
  for (const test of skipped) output.line(`skipped  ${test.title}`);
  const withoutTests = failedFiles.filter((name) => !failed.some(({ file }) => file === name));
  return {
    passed: passed.length,
    failed: [...failed.map(({ title }) => title), ...withoutTests],
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

async function runOnce(args: readonly string[], output: Output) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "report-"));
  try {
    const report = path.join(folder, "report.json");
    const reporters = ["minimal", "./scripts/progress-reporter.ts", "json"].map((name) => `--reporter=${name}`);
    const status = await runCommand("vitest", ["run", ...reporters, `--outputFile.json=${report}`, ...args], output);
    if (!existsSync(report)) {
      output.line("vitest ended without a report");
      return { status: status ?? 1, tests: [], failedFiles: [] };
    }
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as JsonReport;
    return { status, ...resultsOf(testResults, output) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function resultsOf(testResults: JsonReport["testResults"], output: Output) {
  const results = testResults.map((result) => ({ ...result, file: path.relative(process.cwd(), result.name) }));
  const slowest = results
    .map(({ file, startTime, endTime }) => ({ file, seconds: (endTime - startTime) / 1000 }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  if (results.length > SLOWEST)
    output.line(`slowest files: ${slowest.map(({ file, seconds }) => `${file} ${seconds.toFixed(1)} s`).join(", ")}`);
  const tests: readonly TestResult[] = results.flatMap(({ file, assertionResults }) =>
    assertionResults.map((test) => ({ file, title: `${file}: ${test.fullName}`, status: test.status })),
  );
  const failedFiles = results.filter((result) => result.status === "failed").map(({ file }) => file);
  return { tests, failedFiles };
}

/** Returns the last line of a run of tests. */
export function countsLine(suites: readonly SuiteCounts[]): string {
  const sum = (count: (suite: SuiteCounts) => number) => suites.reduce((total, suite) => total + count(suite), 0);
  const unstable = sum((suite) => suite.unstable);
  const said = unstable > 0 ? ` (${unstable} only at the second attempt)` : "";
  return `${sum((suite) => suite.passed)} passed${said}, ${sum((suite) => suite.failed.length)} failed, ${sum((suite) => suite.skipped)} skipped`;
}
