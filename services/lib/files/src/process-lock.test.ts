import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { ProcessLockedError, takeProcessLock } from "./process-lock.ts";
import { StorageError } from "./storage-error.ts";

async function lockFile(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-lock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, "start.lock");
}

test("one holder at a time, which is named, and the next one after it", async () => {
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

test("what stays behind is empty and open to whoever may write the folder", async () => {
  const file = await lockFile();
  const folder = path.dirname(file);
  await chmod(folder, 0o770);
  await (await takeProcessLock(file))[Symbol.asyncDispose]();
  expect(await readdir(folder)).toEqual(["start.lock.sqlite"]);
  const { size, mode } = await stat(`${file}.sqlite`);
  expect([size, mode & 0o777]).toEqual([0, 0o660]);
});

test("whoever gives it up twice takes it from nobody", async () => {
  const file = await lockFile();
  const first = await takeProcessLock(file);
  await first[Symbol.asyncDispose]();
  await using _next = await takeProcessLock(file);
  await first[Symbol.asyncDispose]();
  await expect(takeProcessLock(file)).rejects.toThrow(new ProcessLockedError(file, process.pid));
});

test("it is held until it is given up, also when nothing refers to it any more", async () => {
  const file = await lockFile();
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  await takeProcessLock(file);
  // A turn in between: only then is what was awaited no longer referred to.
  await setImmediate();
  collectGarbage();
  await expect(takeProcessLock(file)).rejects.toThrow(ProcessLockedError);
});

test("a folder that is not there, and a lock that is none, are said in one line", async () => {
  const file = await lockFile();
  await expect(takeProcessLock(path.join(file, "below"))).rejects.toThrow(/below.sqlite cannot be locked \(.+\): give/);
  await mkdir(`${file}.sqlite`);
  await expect(takeProcessLock(file)).rejects.toThrow(StorageError);
});

test("of many at once one holds it", async () => {
  const file = await lockFile();
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => takeProcessLock(file)));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a name left behind keeps nobody out", async () => {
  const file = await lockFile();
  const gone = Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
  // Of a killed process, of one killed while it wrote, of a living one that does not hold it, and of one whose number this one was given.
  for (const left of [`${gone} 1764062400000.5`, "", String(process.ppid), `${process.pid} 1764062400000.5`]) {
    await writeFile(file, left);
    await using _held = await takeProcessLock(file);
    expect(await readFile(file, "utf8")).toBe(`${process.pid}\n`);
  }
});

test("of many processes no two are inside at once, however often the holder is killed", async () => {
  const file = await lockFile();
  const log = path.join(path.dirname(file), "log");
  const fixture = path.join(import.meta.dirname, "../test/process-lock-fixture.ts");
  const processes = Array.from({ length: 12 }, () => fork(fixture, [file, log], { execArgv: [] }));
  onTestFinished(() => {
    for (const process of processes) process.kill("SIGKILL");
  });
  await Promise.all(processes.map((process) => once(process, "message")));
  const ends = processes.map((process) => once(process, "exit"));
  for (const process of processes) process.send("go");
  expect(await Promise.all(ends)).toEqual(processes.map(() => [null, "SIGKILL"]));
  const steps = (await readFile(log, "utf8")).trim().split("\n");
  const entered = steps.filter((step) => step.startsWith("in ")).map((step) => step.slice(3));
  expect(new Set(entered).size).toBe(processes.length);
  expect(steps).toEqual(entered.flatMap((pid) => [`in ${pid}`, `out ${pid}`]));
});
