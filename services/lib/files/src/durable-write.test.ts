import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replaceFile } from "./durable-write.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-write-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function* parts(...texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

test.each([
  ["a text", "one\ntwo\n"],
  ["bytes", Buffer.from("one\ntwo\n")],
  ["parts", ["one\n", "two\n"]],
  ["parts that come later", parts("one\n", "two\n")],
])("%s replaces the file whole, and no draft is left", async (_, content) => {
  const file = path.join(folder, "report.csv");
  await replaceFile(file, "old");
  await replaceFile(file, content);
  expect(await readFile(file, "utf8")).toBe("one\ntwo\n");
  expect(await readdir(folder)).toEqual(["report.csv"]);
});

test("when a part fails, the old file stays and no draft is left", async () => {
  const file = path.join(folder, "report.csv");
  await replaceFile(file, "old");
  async function* failing() {
    yield "new";
    throw new Error("the disk is full");
  }
  await expect(replaceFile(file, failing())).rejects.toThrow("the disk is full");
  expect(await readFile(file, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["report.csv"]);
});

test("whoever may read the folder may read the file", async () => {
  const file = path.join(folder, "report.csv");
  await replaceFile(file, "new");
  const readers = 0o444;
  expect((await stat(file)).mode & readers & (await stat(folder)).mode).toBe((await stat(folder)).mode & readers);
});
