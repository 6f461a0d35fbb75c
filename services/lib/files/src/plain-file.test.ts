import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PlainFileError, type PlainFileRule, readPlainFile } from "./plain-file.ts";

const MAX_BYTES = 1_000;
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "plain-file-"));
  await writeFile(at("plain"), "content");
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string): string => path.join(folder, name);

test("reads a regular file, an empty one and one of the largest size", async () => {
  expect(new TextDecoder().decode(await readPlainFile(at("plain"), MAX_BYTES))).toBe("content");
  await writeFile(at("empty"), "");
  expect(await readPlainFile(at("empty"), MAX_BYTES)).toHaveLength(0);
  await truncate(at("plain"), MAX_BYTES);
  expect(await readPlainFile(at("plain"), MAX_BYTES)).toHaveLength(MAX_BYTES);
});

test.each<[string, (file: string) => Promise<unknown>, PlainFileRule, string]>([
  ["a path without a file", async () => undefined, "exists", "does not exist"],
  ["a path below a file", async (file) => writeFile(path.dirname(file), ""), "exists", "does not exist"],
  ["a symbolic link", (file) => symlink(at("plain"), file), "no-link", "is a symbolic link"],
  ["a second hard link", (file) => link(at("plain"), file), "one-name", "has 2 hard links"],
  ["a folder", (file) => mkdir(file), "regular", "is not a regular file"],
  ["a named pipe", async (file) => execFileSync("mkfifo", [file]), "regular", "is not a regular file"],
  [
    "a file that is a byte too large",
    async (file) => {
      await writeFile(file, "");
      await truncate(file, MAX_BYTES + 1);
    },
    "size",
    "has 1001 bytes, at most 1000 are read",
  ],
])("rejects %s, with the rule", async (what, make, rule, message) => {
  const file = what === "a path below a file" ? at("file/below") : at("hostile");
  await make(file);
  const error = await readPlainFile(file, MAX_BYTES).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PlainFileError);
  expect(error).toMatchObject({ rule, message });
});
