import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { MAX_CONFIG_BYTES, parseYaml, readYaml } from "./yaml-file.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bellwether-yaml-"));
});
afterAll(() => rm(dir, { recursive: true }));

function violationsOf(error: unknown): string[] {
  if (!(error instanceof ConfigError)) throw error;
  return error.violations.map((m) => `${m.line}:${m.column} ${m.found}`);
}

function syntaxViolations(text: string): string[] {
  try {
    parseYaml(text, "x.yaml");
  } catch (error) {
    return violationsOf(error);
  }
  return [];
}

test("returns values and the position of each", () => {
  const file = parseYaml("a: 1\nb:\n  - c: x\n    d: [1, 2]\n", "x.yaml");
  expect(file.value).toEqual({ a: 1, b: [{ c: "x", d: [1, 2] }] });
  expect(file.place(["b", 0, "d", 1])).toEqual({ line: 4, column: 12 });
  expect(file.place(["b", 0, "missing"])).toEqual({ line: 3, column: 5 });
  expect(file.keyPlace(["b", 0, "d"])).toEqual({ line: 4, column: 5 });
});

test.each<[string, RegExp]>([
  ["a: 1\na: 2\n", /^2:1 Map keys must be unique/],
  ["a:\n\tb: 1\n", /^2:1 Tabs are not allowed as indentation/],
  ["a: &x 1\n", /anchor or alias/],
  ["a: 1\n---\nb: 2\n", /multiple documents/i],
  ['a: "open\n', /Missing closing/],
  ["a: !!js/function x\n", /^1:4 Unresolved tag/],
  ["", /^1:1 an empty file/],
  ["# only a comment\n", /^1:1 an empty file/],
  ["null\n", /^1:1 an empty file/],
  ["[".repeat(100_000), /maps or lists nested too deep/],
])("rejects malformed text %# at the position of the error", (text, expected) => {
  expect(syntaxViolations(text)[0]).toMatch(expected);
});

test("rejects an alias bomb without expanding it", () => {
  const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}*l${i}]`);
  const started = performance.now();
  expect(syntaxViolations(`l0: &l0 [x]\n${levels.join("\n")}\n`)[0]).toMatch(/anchor or alias/);
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a key __proto__ changes no prototype", () => {
  const { value } = parseYaml("__proto__: { polluted: true }\n", "x.yaml");
  expect(Object.getPrototypeOf({})).not.toHaveProperty("polluted");
  expect(Object.keys(value as object)).toEqual(["__proto__"]);
});

test("reads a text at the size limit and rejects one byte more", () => {
  const start = "a: 1 #";
  expect(syntaxViolations(start.padEnd(MAX_CONFIG_BYTES, "x"))).toEqual([]);
  expect(syntaxViolations(start.padEnd(MAX_CONFIG_BYTES + 1, "x"))[0]).toMatch(/more than 1048576 bytes/);
});

test("rejects a missing file, a folder, a file that is too large, a pipe and a file that is not UTF-8, with its name", async () => {
  const cases: [string, RegExp, () => Promise<unknown> | unknown][] = [
    ["none.yaml", /no file at this path/, () => undefined],
    [
      "large.yaml",
      /more than 1048576 bytes/,
      () => writeFile(join(dir, "large.yaml"), "#".repeat(MAX_CONFIG_BYTES + 1)),
    ],
    [
      "latin1.yaml",
      /not UTF-8/,
      () => writeFile(join(dir, "latin1.yaml"), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a])),
    ],
    ["zero.yaml", /not a regular file/, () => symlink("/dev/zero", join(dir, "zero.yaml"))],
    ["pipe.yaml", /not a regular file/, () => execFileSync("mkfifo", [join(dir, "pipe.yaml")])],
    [".", /not a regular file/, () => undefined],
  ];
  for (const [name, expected, prepare] of cases) {
    await prepare();
    const error = await readYaml(join(dir, name)).catch((e: unknown) => e);
    expect(violationsOf(error)[0]).toMatch(expected);
  }
});
