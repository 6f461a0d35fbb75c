import { existsSync } from "node:fs";
import { link, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
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
  await makeTargetFolder("--output", deep);
  await makeTargetFolder("--output", deep);
  expect(await readdir(deep)).toEqual([]);
  await checkTargetFile("--output", path.join(deep, "scores.csv"));
  expect(await readdir(deep)).toEqual([]);
});

test.skipIf(!existsSync("/proc/self"))("a folder below /proc is an error that ends", async () => {
  for (const target of ["/proc/nothing", "/proc/nothing/below"])
    await expect(makeTargetFolder("--output", target)).rejects.toThrow(
      /^--output: the folder \/proc\/nothing.* cannot be written: /,
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
  { option: "--output", command: demoCommand, args: (target) => ["--output", target] },
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

test("an output that is the input is a usage error, also through links and other spellings, and the input is unchanged", async () => {
  const input = path.join(folder, "base.csv");
  await writeFile(input, "supplier_id,f0\nS1,1\n");
  await symlink(input, path.join(folder, "soft.csv"));
  await link(input, path.join(folder, "hard.csv"));
  await symlink(folder, path.join(folder, "again"));
  for (const output of ["base.csv", "./x/../base.csv", "soft.csv", "hard.csv", "again/base.csv", input]) {
    const error: unknown = await predictCommand({ env: {}, cwd: folder })
      .parseAsync(["--input", "base.csv", "--output", output], { from: "user" })
      .catch((reason: unknown) => reason);
    expect(error, output).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^--output: .* is the file that --input reads, and would be overwritten; choose another path$/,
      ),
    });
  }
  expect(await readFile(input, "utf8")).toBe("supplier_id,f0\nS1,1\n");
});

test("--export into the data folder does not overwrite a source of the mapping", async () => {
  const data = await mkdtemp(path.join(folder, "data-"));
  const repository = path.resolve(import.meta.dirname, "../../..");
  const mapping = await readFile(path.join(repository, "config/feature_mapping.yaml"), "utf8");
  const [, first = ""] = /^\s*(?:file: |- \{.*file: )"?([^",}\n]+)/m.exec(mapping) ?? [];
  await demoCommand({ env: {}, cwd: folder }).parseAsync(
    ["--suppliers", "20", "--transactions", "20", "--output", data],
    {
      from: "user",
    },
  );
  await rename(path.join(data, first), path.join(data, "training_rows.parquet"));
  const renamed = path.join(folder, "mapping.yaml");
  await writeFile(renamed, mapping.replaceAll(first, "training_rows.parquet"));
  const config = path.join(repository, "config/model_config.yaml");
  const args = ["--data", data, "--config", config, "--mapping", renamed, "--export", data];
  await expect(trainCommand({ env: {}, cwd: folder }).parseAsync(args, { from: "user" })).rejects.toThrow(
    /^--export: .*training_rows\.parquet is the file that --data \(source \w+\) reads, and would be overwritten/,
  );
});
