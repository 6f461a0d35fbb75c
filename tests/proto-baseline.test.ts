import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");
const SCORE = "proto/bellwether/inference/v1/score.proto";
const PATH = `${path.join(ROOT, "node_modules/.bin")}${path.delimiter}${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "bellwether-proto-"));
  for (const name of ["proto", "buf.yaml"]) cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (name: string): string => readFileSync(path.join(folder, name), "utf8");
function edit(from: string, to: string): void {
  expect(text(SCORE)).toContain(from);
  writeFileSync(path.join(folder, SCORE), text(SCORE).replace(from, to));
}
function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, PATH },
  });
  return { status, output: stdout + stderr };
}
/** Runs the same command as in `npm run check`. */
const compare = () => run("buf", "breaking", "--against", "proto/baseline.binpb");
const accept = (...reason: string[]) => run(process.execPath, path.join(ROOT, "scripts/accept-proto.ts"), ...reason);
const UNIT = "  string unit = 5;\n";

test("the contracts break no client of the baseline", () => {
  expect(compare()).toEqual({ status: 0, output: "" });
});

test("the check rejects a removed field and names it", () => {
  edit(UNIT, "");
  const { status, output } = compare();
  expect(status).not.toBe(0);
  expect(output).toContain('Previously present field "5" with name "unit" on message "Contribution" was deleted');
});

test("the check rejects a renamed field and accepts a new one", () => {
  edit(UNIT, `${UNIT}  // New.\n  string note = 100;\n`);
  expect(compare().status).toBe(0);
  edit(UNIT, "  string unit_name = 5;\n");
  expect(compare().status).not.toBe(0);
});

test("proto:accept accepts a removed field with a reason and records the reason", () => {
  edit(UNIT, "");
  expect(accept("nobody", "read it")).toMatchObject({ status: 0, output: expect.stringContaining("1 changes") });
  expect(compare()).toEqual({ status: 0, output: "" });
  expect(text("proto/ACCEPTED.md")).toMatch(/· nobody read it\n\n- .*"unit" on message "Contribution" was deleted/);
});

test("proto:accept accepts nothing without a reason, or with a proto file that cannot be read", () => {
  const before = [readFileSync(path.join(folder, "proto/baseline.binpb")), text("proto/ACCEPTED.md")];
  edit(UNIT, "");
  for (const reason of [[], [" "], ["--help"], ["x".repeat(501)]]) expect(accept(...reason).status).toBe(2);
  edit("message Contribution {", "message {");
  expect(accept("a reason").status).toBe(1);
  expect([readFileSync(path.join(folder, "proto/baseline.binpb")), text("proto/ACCEPTED.md")]).toEqual(before);
});
