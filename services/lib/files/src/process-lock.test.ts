import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { firstMessage, runNode, spawnNode } from "@bellwether/testing/node-process";
import { expect, onTestFinished, test } from "vitest";
import { ProcessLockedError, takeProcessLock } from "./process-lock.ts";
import { StorageError } from "./storage-error.ts";

async function lockFile(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-lock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, "start.lock");
}

test("the lock has one holder at a time, whose process id is known, and can be taken again after release", async () => {
  const file = await lockFile();
  {
    await using _held = await takeProcessLock(file);
    expect(await readFile(file, "utf8")).toBe(`${process.pid}\n`);
    await expect(takeProcessLock(file)).rejects.toThrow(new ProcessLockedError(file, process.pid));
    await rm(file);
    await expect(takeProcessLock(file)).rejects.toThrow(/^another process holds .*start.lock: wait for it or stop it$/);
  }
  await using _next = await takeProcessLock(file);
});

test("the file that remains is empty and accessible to every user who may write the folder", async () => {
  const file = await lockFile();
  const folder = path.dirname(file);
  await chmod(folder, 0o770);
  await (await takeProcessLock(file))[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual(["start.lock.sqlite"]);
  const { size, mode } = await stat(`${file}.sqlite`);
  expect([size, mode & 0o777]).toEqual([0, 0o660]);
});

test("a second release does not release the lock of the next holder", async () => {
  const file = await lockFile();
  const first = await takeProcessLock(file);
  await first[Symbol.asyncDispose]();
  await using _next = await takeProcessLock(file);
  await first[Symbol.asyncDispose]();
  await expect(takeProcessLock(file)).rejects.toThrow(new ProcessLockedError(file, process.pid));
});

test("the lock is held until it is released, also when nothing refers to it any more", async () => {
  const file = await lockFile();
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  await takeProcessLock(file);
  // Waits for the next iteration of the event loop: until then the awaited value is still referred to.
  await setImmediate();
  collectGarbage();
  await expect(takeProcessLock(file)).rejects.toThrow(ProcessLockedError);
});

test("a missing folder and a file that is not a lock are one-line errors", async () => {
  const file = await lockFile();
  await expect(takeProcessLock(path.join(file, "below"))).rejects.toThrow(/below.sqlite cannot be locked \(.+\): give/);
  await mkdir(`${file}.sqlite`);
  await expect(takeProcessLock(file)).rejects.toThrow(StorageError);
});

test("exactly one of many concurrent callers gets the lock", async () => {
  const file = await lockFile();
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => takeProcessLock(file)));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a remaining holder file does not block the next holder", async () => {
  const file = await lockFile();
  const gone = Number((await runNode("-p", { args: ["process.pid"] })).stdout);
  // Contents: the id of a killed process; of a process killed while it wrote; of a living process that does
  // not hold the lock; and of a former process with the id of this one.
  for (const left of [`${gone} 1764062400000.5`, "", String(process.ppid), `${process.pid} 1764062400000.5`]) {
    await writeFile(file, left);
    await using _held = await takeProcessLock(file);
    expect(await readFile(file, "utf8")).toBe(`${process.pid}\n`);
  }
});

test("no two of many processes hold the lock at once, however often the holder is killed", async () => {
  const file = await lockFile();
  const log = path.join(path.dirname(file), "log");
  const fixture = path.join(import.meta.dirname, "../test/process-lock-fixture.ts");
  const processes = Array.from({ length: 12 }, () => spawnNode(fixture, { args: [file, log] }));
  onTestFinished(() => {
    for (const { child } of processes) child.kill("SIGKILL");
  });
  await Promise.all(processes.map((process) => firstMessage(process, "a process")));
  for (const { child } of processes) child.send("go");
  await Promise.all(processes.map(({ ended }) => ended));
  expect(processes.map(({ child }) => child.signalCode)).toEqual(processes.map(() => "SIGKILL"));
  const steps = (await readFile(log, "utf8")).trim().split("\n");
  const entered = steps.filter((step) => step.startsWith("in ")).map((step) => step.slice(3));
  expect(new Set(entered).size).toBe(processes.length);
  expect(steps).toEqual(entered.flatMap((pid) => [`in ${pid}`, `out ${pid}`]));
});
