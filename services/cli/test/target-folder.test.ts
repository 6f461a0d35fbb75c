import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoCommand } from "../src/commands/demo.ts";
import { predictCommand } from "../src/commands/predict.ts";
import { trainCommand } from "../src/commands/train.ts";
import type { CliContext } from "../src/context/cli-context.ts";
import { UsageError } from "../src/errors/usage-error.ts";
import { checkTargetFile, makeTargetFolder } from "../src/output/target-folder.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "target-"));
  await writeFile(path.join(folder, "file"), "");
});
afterAll(() => rm(folder, { recursive: true }));

test("creates a folder with its parents and leaves it empty", async () => {
  const deep = path.join(folder, "a/b/c");
  await makeTargetFolder("--out", deep);
  await makeTargetFolder("--out", deep);
  expect(await readdir(deep)).toEqual([]);
  await checkTargetFile("--output", path.join(deep, "scores.csv"));
  expect(await readdir(deep)).toEqual([]);
});

test.skipIf(!existsSync("/proc/self"))("a folder below /proc is an error that ends", async () => {
  for (const target of ["/proc/nothing", "/proc/nothing/below"])
    await expect(makeTargetFolder("--out", target)).rejects.toThrow(
      /^--out: the folder \/proc\/nothing.* cannot be written: /,
    );
  await expect(checkTargetFile("--output", "/proc/scores.csv")).rejects.toThrow(/^--output: .* cannot be written: /);
});

interface Writing {
  readonly option: string;
  readonly command: (context: CliContext) => Command;
  readonly args: (target: string) => readonly string[];
}
const writing: readonly Writing[] = [
  { option: "--export", command: trainCommand, args: (target) => ["--data", "no-data", "--export", target] },
  { option: "--out", command: demoCommand, args: (target) => ["--out", target] },
  {
    option: "--output",
    command: predictCommand,
    args: (target) => ["--input", "no-input.csv", "--output", path.join(target, "x.csv")],
  },
];

test.each(writing)(
  "$option into a file is a usage error, reported before any other work",
  async ({ option, command, args }) => {
    for (const target of [path.join(folder, "file"), path.join(folder, "file", "below")]) {
      const error: unknown = await command({ env: {}, cwd: folder })
        .parseAsync([...args(target)], { from: "user" })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({
        message: expect.stringMatching(
          new RegExp(`^${option}: .* cannot be written: a part of its path is a file, not a folder \\(ENOTDIR\\)`),
        ),
      });
    }
  },
);

test("for a file, a missing folder or a folder in its place is a usage error", async () => {
  await expect(checkTargetFile("--output", path.join(folder, "none/x.csv"))).rejects.toThrow(
    "its folder does not exist",
  );
  await expect(checkTargetFile("--output", folder)).rejects.toThrow("is a folder; name a file");
});
