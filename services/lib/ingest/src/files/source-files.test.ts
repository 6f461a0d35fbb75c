import { execFileSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, smallPair } from "../../test/mapping-fixture.ts";
import { sourceFiles } from "./source-files.ts";

async function sourceOf(file: string) {
  const { mapping } = await smallPair();
  const [source] = mapping.sources;
  if (!source) throw new Error("the fixture has a source");
  return { ...source, file };
}

test("finds one file, or all files of a pattern sorted by name", async () => {
  await using folder = await dataFolder({ "a/2.csv": "", "a/1.csv": "", "a/x.txt": "", "a/1.csv.bak": "" });
  expect((await sourceFiles(await sourceOf("a/1.csv"), folder.path, 10)).map((f) => f.name)).toEqual(["a/1.csv"]);
  expect((await sourceFiles(await sourceOf("a/*.csv"), folder.path, 10)).map((f) => f.name)).toEqual([
    "a/1.csv",
    "a/2.csv",
  ]);
  expect((await sourceFiles(await sourceOf("a/?.csv"), folder.path, 2)).length).toBe(2);
  await expect(sourceFiles(await sourceOf("a/?.csv"), folder.path, 1)).rejects.toThrow(/2 files match, at most 1/);
});

test("names a missing file, a missing folder or a pattern without a match", async () => {
  await using folder = await dataFolder({});
  await expect(sourceFiles(await sourceOf("no.csv"), folder.path, 10)).rejects.toThrow(
    /"no\.csv": the file does not exist/,
  );
  await expect(sourceFiles(await sourceOf("*.csv"), folder.path, 10)).rejects.toThrow(
    /no file of the data folder matches/,
  );
  await expect(sourceFiles(await sourceOf("*/x.csv"), folder.path, 10)).rejects.toThrow(/only the file's own name/);
  await expect(sourceFiles(await sourceOf("x.csv"), join(folder.path, "none"), 10)).rejects.toThrow(
    /the data folder does not exist/,
  );
});

test("follows links inside the folder, rejects links out of it and paths that are not regular files", async () => {
  await using folder = await dataFolder({ "in.csv": "a\n" });
  await using outside = await dataFolder({ "secret.csv": "a\n" });
  await symlink(join(folder.path, "in.csv"), join(folder.path, "link.csv"));
  await symlink(join(outside.path, "secret.csv"), join(folder.path, "out.csv"));
  await symlink(outside.path, join(folder.path, "folder"));
  execFileSync("mkfifo", [join(folder.path, "pipe.csv")]);
  const [file] = await sourceFiles(await sourceOf("link.csv"), folder.path, 10);
  expect(basename(file?.path ?? "")).toBe("in.csv");
  for (const name of ["out.csv", "folder/secret.csv"])
    await expect(sourceFiles(await sourceOf(name), folder.path, 10)).rejects.toThrow(/leads outside the data folder/);
  for (const name of ["pipe.csv", "."])
    await expect(sourceFiles(await sourceOf(name), folder.path, 10)).rejects.toThrow(/not a regular file/);
});

test("the data folder itself may be a link", async () => {
  await using folder = await dataFolder({ "in.csv": "a\n" });
  await using other = await dataFolder({});
  await symlink(folder.path, join(other.path, "data"));
  expect(await sourceFiles(await sourceOf("in.csv"), join(other.path, "data"), 10)).toHaveLength(1);
});
