import { execFileSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, smallPair } from "../../test/mapping-fixture.ts";
import { callersFile, findFiles, sourceFiles } from "./source-files.ts";

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
  await expect(sourceFiles(await sourceOf("*/x.csv"), folder.path, 10)).rejects.toThrow(
    /no file of the data folder matches/,
  );
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
  await expect(sourceFiles(await sourceOf("pipe.csv"), folder.path, 10)).rejects.toThrow(/not a regular file/);
  await expect(sourceFiles(await sourceOf("*"), folder.path, 10)).rejects.toThrow(/leads outside the data folder/);
});

test("the data folder itself may be a link", async () => {
  await using folder = await dataFolder({ "in.csv": "a\n" });
  await using other = await dataFolder({});
  await symlink(folder.path, join(other.path, "data"));
  expect(await sourceFiles(await sourceOf("in.csv"), join(other.path, "data"), 10)).toHaveLength(1);
});

const namesOf = async (file: string, path: string, maxFiles = 10) =>
  (await sourceFiles(await sourceOf(file), path, maxFiles)).map(({ name }) => name);

test("patterns match in every part of the path; a folder has all its files, without marker files", async () => {
  await using folder = await dataFolder({
    "d/week=1/part-0.csv": "",
    "d/week=2/part-0.csv": "",
    "d/week=2/deep/part-1.csv": "",
    "d/_SUCCESS": "",
    "d/week=2/.hidden": "",
    "d/week=2/part-0.csv.sha256": "",
    "d/_temporary/0/part-9.csv": "",
    "e/a.csv": "",
    "e/a.csv.done": "",
    "empty/_SUCCESS": "",
  });
  const all = ["d/week=1/part-0.csv", "d/week=2/deep/part-1.csv", "d/week=2/part-0.csv"];
  expect(await namesOf("d", folder.path)).toEqual(all);
  expect(await namesOf("d/*", folder.path)).toEqual(all);
  expect(await namesOf("d/week=*/part-?.csv", folder.path)).toEqual([all[0], all[2]]);
  expect(await namesOf("?/*.csv", folder.path)).toEqual(["e/a.csv"]);
  expect(await namesOf("e/a.csv.done", folder.path)).toEqual(["e/a.csv.done"]);
  expect((await findFiles(await sourceOf("d"), folder.path, 10)).ignored).toEqual([
    "d/_SUCCESS",
    "d/_temporary",
    "d/week=2/.hidden",
    "d/week=2/part-0.csv.sha256",
  ]);
  expect((await findFiles(await sourceOf("e/*"), folder.path, 10)).ignored).toEqual(["e/a.csv.done"]);
  await expect(namesOf("d", folder.path, 2)).rejects.toThrow(/3 files match, at most 2 are read/);
  await expect(namesOf("empty", folder.path)).rejects.toThrow(
    /the folder has no data files; one file is not data and ignored, for example empty\/_SUCCESS/,
  );
});

test("a folder that the mapping names may be the data folder itself", async () => {
  await using folder = await dataFolder({ "spend.parquet/part-0.parquet": "", "other/part-0.parquet": "" });
  expect(await namesOf("in/spend.parquet", join(folder.path, "spend.parquet"))).toEqual(["part-0.parquet"]);
  await expect(namesOf("spend.parquet", join(folder.path, "other"))).rejects.toThrow(/the file does not exist/);
});

test("values of a path come from its folders and from the parts that the pattern names", async () => {
  await using folder = await dataFolder({
    "week=2026-W47/eu/spend_a.csv": "",
    "week=__HIVE_DEFAULT_PARTITION__/us/spend_b%20c.csv": "",
    "x=1/x=2/f.csv": "",
    "k%3A1=a%2Fb/f.csv": "",
  });
  const valuesOf = async (file: string) =>
    (await sourceFiles(await sourceOf(file), folder.path, 10)).map(({ pathValues }) => Object.fromEntries(pathValues));
  expect(await valuesOf("week=*/{region}/spend_{kind}.csv")).toEqual([
    { week: "2026-W47", region: "eu", kind: "a" },
    { week: null, region: "us", kind: "b%20c" },
  ]);
  expect(await valuesOf("k%3A1=a%2Fb/f.csv")).toEqual([{ "k:1": "a/b" }]);
  expect(await valuesOf("x=1/x=2/f.csv")).toEqual([{ x: "2" }]);
  const [id, ...others] = (await sourceOf("")).columns;
  if (id === undefined) throw new Error("the fixture has columns");
  const mapped = { ...(await sourceOf("x=1/x=2/f.csv")), columns: [{ ...id, header: "x" }, ...others] };
  await expect(sourceFiles(mapped, folder.path, 10)).rejects.toThrow(/two folders of its path have a value of "x"/);
  const one = await callersFile(
    await sourceOf("{region}/spend_{kind}.csv"),
    join(folder.path, "week=2026-W47/eu/spend_a.csv"),
  );
  expect(Object.fromEntries(one.pathValues)).toEqual({ week: "2026-W47", region: "eu", kind: "a" });
  await expect(
    callersFile(await sourceOf("exports/spend-{kind}.csv"), join(folder.path, "week=2026-W47/eu/spend_a.csv")),
  ).rejects.toThrow(/its path does not match "exports\/spend-\{kind\}\.csv", from which kind is read/);
});
