import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { firstMessage, spawnNode } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { ObjectStore } from "../src/object-store.ts";
import { openObjectStore } from "../src/open-store.ts";
import { ObjectChangedError } from "../src/store-error.ts";
import { testStore, textOf } from "./store-cases.ts";

let folder = "";
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-object-store-"));
  store = await openObjectStore(`file:${folder}`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

testStore("folder", () => store);

test("a file of another program is an object, and changes its entity tag when it is written in place", async () => {
  const file = path.join(folder, "foreign.csv");
  await writeFile(file, "one");
  const before = await store.head("foreign.csv");
  const { chunks } = await store.get("foreign.csv");
  await writeFile(file, "two!");
  await expect(buffer(chunks)).rejects.toThrow(ObjectChangedError);
  expect((await store.head("foreign.csv")).etag).not.toBe(before.etag);
});

test("links are neither read nor followed", async () => {
  await symlink("/etc/hostname", path.join(folder, "link"));
  await symlink("/etc", path.join(folder, "linked"));
  await expect(store.head("link")).rejects.toThrow("is not a regular file");
  await expect(store.head("linked/hostname")).rejects.toThrow("a folder of its path is a link");
  await expect(store.put("linked/x", new Uint8Array())).rejects.toThrow("a folder of its path is a link");
  await mkdir(path.join(folder, "only-a-folder"));
  await expect(store.head("only-a-folder")).rejects.toThrow("does not exist");
});

test("who may read the folder may read an object, and no draft remains", async () => {
  await store.put("shared", Buffer.from("x"));
  const readers = (await stat(folder)).mode & 0o444;
  expect((await stat(path.join(folder, "shared"))).mode & readers).toBe(readers);
  expect(await readdir(path.join(folder, ".bellwether-store/drafts"))).toEqual([]);
});

test("a draft of a killed process is removed after a day, and a younger one is kept", async () => {
  const drafts = path.join(folder, ".bellwether-store/drafts");
  await mkdir(drafts, { recursive: true });
  const days = (ago: number) => new Date(Date.now() - ago * 24 * 3_600_000);
  for (const [name, ago] of [
    ["old", 1.1],
    ["young", 0.9],
  ] as const) {
    await writeFile(path.join(drafts, name), "");
    await utimes(path.join(drafts, name), days(ago), days(ago));
  }
  await (await openObjectStore(`file:${folder}`))[Symbol.asyncDispose]();
  expect(await readdir(drafts)).toEqual(["young"]);
  await rm(path.join(drafts, "young"));
});

test("a folder without write permission, and a file in the way, are errors of one line", async () => {
  await writeFile(path.join(folder, "file"), "");
  await expect(openObjectStore(`file:${folder}/file/below`)).rejects.toThrow(/^file:.*ENOTDIR|does not exist/);
  await expect(store.put("file/below", new Uint8Array())).rejects.toThrow(/ENOTDIR|does not exist|EEXIST/);
});

/** Starts processes that each count up one object, by conditional writes, and that are killed after `adds` additions. */
function startCounters(count: number, key: string, adds: number) {
  const fixture = path.join(import.meta.dirname, "counter-fixture.ts");
  const processes = Array.from({ length: count }, () => spawnNode(fixture, { args: [folder, key, String(adds)] }));
  onTestFinished(() => {
    for (const { child } of processes) child.kill("SIGKILL");
  });
  return processes;
}

test("no update of many processes is lost, also when each is killed while it writes", {
  timeout: 120_000,
}, async () => {
  const processes = startCounters(4, "counter", 15);
  await Promise.all(processes.map((started) => firstMessage(started, "a counter")));
  for (const { child } of processes) child.send("go");
  await Promise.all(processes.map(({ ended }) => ended));
  expect(processes.map(({ child }) => child.signalCode)).toEqual(processes.map(() => "SIGKILL"));
  // Each process reports every addition that succeeded before it was killed.
  const reported = await Promise.all(
    processes.map(async ({ child }) => Number(await readFile(path.join(folder, `done-${child.pid}`), "utf8"))),
  );
  const sum = reported.reduce((a, b) => a + b, 0);
  const stored = Number(await textOf(store, "counter"));
  // The last write of a killed process may have been stored without being reported.
  expect(stored).toBeGreaterThanOrEqual(sum);
  expect(stored).toBeLessThanOrEqual(sum + processes.length);
});

test("of many processes that create an object exactly one wins", { timeout: 120_000 }, async () => {
  const processes = startCounters(6, "created", 0);
  await Promise.all(processes.map((started) => firstMessage(started, "a writer")));
  for (const { child } of processes) child.send("go");
  await Promise.all(processes.map(({ ended }) => ended));
  const results = await Promise.all(
    processes.map(async ({ child }) => await readFile(path.join(folder, `done-${child.pid}`), "utf8")),
  );
  expect(results.filter((result) => result === "won")).toHaveLength(1);
  expect(results.filter((result) => result === "ObjectConditionError")).toHaveLength(5);
});
