import { expect, onTestFinished, test, vi } from "vitest";
import { runCommandLine } from "../run-command-line.ts";

/** Runs a command line and returns its exit code and what it prints on standard error. */
async function run(...words: readonly string[]): Promise<{ readonly code: unknown; readonly text: string }> {
  const before = process.exitCode;
  onTestFinished(() => {
    process.exitCode = before;
    vi.restoreAllMocks();
  });
  const printed: string[] = [];
  const write = (chunk: unknown): boolean => printed.push(String(chunk)) > 0;
  vi.spyOn(process.stderr, "write").mockImplementation(write);
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  await runCommandLine({ env: {}, cwd: "/" }, words);
  return { code: process.exitCode, text: printed.join("") };
}

test("a misspelt required option is unknown, with the nearest name, and not missing", async () => {
  const { code, text } = await run("weekly", "void", "--wek", "2026-W48", "--reason", "wrong");
  expect(code).toBe(2);
  expect(text).toContain("unknown option '--wek'\n(Did you mean --week?)");
  expect(text).not.toContain("not specified");
});

test("a required option that is missing is named, and the help shows it", async () => {
  expect((await run("weekly", "void", "--reason", "wrong")).text).toContain("required option '--week <week>'");
  expect((await run("weekly", "void", "--help")).code).not.toBe(2);
});

test.each([
  [["ingest", "--help"], "unknown command 'ingest'"],
  [["weekly", "runn", "-h"], "unknown command 'runn'\n(Did you mean run?)"],
])("the help of an unknown command is an error: %j", async (words, message) => {
  const { code, text } = await run(...words);
  expect(code).toBe(2);
  expect(text).toContain(message);
});
