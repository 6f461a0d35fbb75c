import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ProcessLockedError, takeProcessLock } from "./process-lock.ts";

async function lockFile(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-lock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, "start.lock");
}

test("one holder at a time, and the next one after it", async () => {
  const file = await lockFile();
  {
    await using _held = await takeProcessLock(file);
    await expect(takeProcessLock(file)).rejects.toThrow(new ProcessLockedError(file, process.pid));
  }
  await using _next = await takeProcessLock(file);
  expect(await readFile(file, "utf8")).toMatch(new RegExp(`^${process.pid} `));
  expect(await readdir(path.dirname(file))).toEqual(["start.lock"]);
});

test("of many at once one holds it", async () => {
  const file = await lockFile();
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => takeProcessLock(file)));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("the lock of a process that is gone is taken over, and so is one that was half written", async () => {
  const file = await lockFile();
  const gone = Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
  // The last: a process of before, whose number this one was given.
  for (const left of [String(gone), "", `${process.pid} ${performance.timeOrigin - 1}`]) {
    await writeFile(file, left);
    await using _held = await takeProcessLock(file);
    expect(await readFile(file, "utf8")).toBe(`${process.pid} ${performance.timeOrigin}`);
  }
});
