import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openModelFile } from "./open-model-file.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "model-file-"));
  await writeFile(at("plain"), "model");
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string): string => path.join(folder, name);

test("reads a regular file", async () => {
  expect(new TextDecoder().decode(await openModelFile(at("plain")))).toBe("model");
});

test.each<[string, (file: string) => Promise<unknown>, RegExp]>([
  ["a symbolic link", (file) => symlink(at("plain"), file), /symbolic link/],
  ["a second hard link", (file) => link(at("plain"), file), /2 hard links/],
  ["a folder", (file) => mkdir(file), /not a regular file/],
  ["a named pipe", async (file) => execFileSync("mkfifo", [file]), /not a regular file/],
  ["an empty file", (file) => writeFile(file, ""), /empty/],
  ["a file that is not there", async () => undefined, /the file does not exist; correct its path/],
  [
    "a file over 64 MiB",
    async (file) => {
      await writeFile(file, "");
      await truncate(file, 64 * 1024 * 1024 + 1);
    },
    /67108865 bytes, at most 67108864/,
  ],
])("rejects %s", async (_, make, reason) => {
  await make(at("hostile"));
  const opened = openModelFile(at("hostile"));
  await expect(opened).rejects.toThrow(ImportRejectedError);
  await expect(opened).rejects.toThrow(reason);
});
