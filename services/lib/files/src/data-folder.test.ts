import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeDataFolder } from "./data-folder.ts";

async function temporary(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-data-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test("creates the parent folders too, and accepts folders that exist", async () => {
  const folder = path.join(await temporary(), "a", "b", "c");
  await makeDataFolder(folder);
  await makeDataFolder(folder);
  expect((await stat(folder)).isDirectory()).toBe(true);
});

test("two concurrent calls for the same folder both succeed", async () => {
  const folder = path.join(await temporary(), "a", "b");
  await Promise.all([makeDataFolder(folder), makeDataFolder(folder)]);
});

test("the error names the right way out: no right helps where no folder can be", async () => {
  const file = path.join(await temporary(), "file");
  await writeFile(file, "");
  await expect(makeDataFolder(file)).rejects.toThrow("(ENOTDIR): a file is in the way: set BELLWETHER_DATA_DIR");
  await expect(makeDataFolder("/proc/bellwether")).rejects.toThrow("(ENOENT): no folder can be created there");
});

test("a folder that cannot be created is a one-line error that names the variable", async () => {
  const file = path.join(await temporary(), "file");
  await writeFile(file, "");
  for (const folder of [path.join(file, "data"), "/proc/bellwether/data"]) {
    const error = await makeDataFolder(folder).catch((failed: Error) => failed);
    expect(error).toMatchObject({ name: "StorageError" });
    expect(String(error)).toMatch(/^StorageError: the data folder \S+ cannot be written \(E[A-Z]+\): [^\n]*$/);
    expect(String(error)).toContain("BELLWETHER_DATA_DIR");
  }
});
