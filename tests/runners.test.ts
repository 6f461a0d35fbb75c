import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");

/** The commands that measure or test the whole, each with one of the names it takes. */
const RUNNERS: readonly (readonly [command: string, runner: { readonly file: string; readonly name?: string }])[] = [
  ["faults", { file: "tests/faults/run.ts", name: "floods" }],
  ["bench", { file: "bench/run.ts", name: "explain" }],
  ["test:interop", { file: "tests/interop/run.ts" }],
  ["test:conformance", { file: "tests/conformance/run.ts", name: "web-tls" }],
  ["test:docs", { file: "tests/docs/run.ts" }],
  ["screens", { file: "tests/docs/screens.ts" }],
  ["scms", { file: "tests/docs/scms-loop/run.ts" }],
  ["figures", { file: "scripts/figures.ts" }],
  ["test:cluster", { file: "tests/deploy/cluster.ts" }],
  ["check", { file: "scripts/check.ts" }],
];

describe.each(RUNNERS)("npm run %s", (command, { file, name }) => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { cwd: ROOT, encoding: "utf8" });
    return { status, stdout, stderr };
  };

  test.each(["--help", "-h"])("%s prints the usage and examples", (flag) => {
    const { status, stdout, stderr } = run(flag);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^usage: npm run ${command}\\b`));
    expect(stdout).toMatch(new RegExp(`^examples:\n {2}npm run ${command}`, "m"));
    if (name !== undefined) expect(stdout).toMatch(new RegExp(`^ {2}${name} {2,}\\w`, "m"));
  });

  test.each([
    ["an unknown option", ["--hurry"], "unknown option --hurry"],
    [
      "an unknown name",
      ["nonesuch"],
      name === undefined ? "does not accept arguments" : "unknown name nonesuch; known names: ",
    ],
    [
      "a name from Object.prototype",
      ["constructor"],
      name === undefined ? "does not accept arguments" : "unknown name constructor;",
    ],
  ])("%s prints one line and the usage on stderr, ends with code 2, and runs nothing", (_, args, violation) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n")[0]).toContain(violation);
    expect(stderr).toContain(`\n\nusage: npm run ${command}`);
  });
});
