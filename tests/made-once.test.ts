import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { madeOnce, SHARED_FOLDER } from "@bellwether/testing/made-once";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-made-once-"));
  vi.stubEnv(SHARED_FOLDER, folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const bytes = () => Promise.resolve({ bytes: Uint8Array.of(1, 2, 3), at: new Date(5) });

test("what was made under a name is read, and another name is made", async () => {
  expect(await madeOnce("a", bytes)).toEqual(await bytes());
  const again = await madeOnce("a", () => Promise.reject(new Error("made again")));
  expect(again).toEqual(await bytes());
  expect(await madeOnce("b", () => Promise.resolve("other"))).toBe("other");
});

test("of two that make the same at the same time both have it, and no draft is left", async () => {
  expect(await Promise.all([madeOnce("a", bytes), madeOnce("a", bytes)])).toEqual([await bytes(), await bytes()]);
  expect(await readdir(folder)).toEqual(["a"]);
});

test("an error is not kept", async () => {
  await expect(madeOnce("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await madeOnce("a", () => Promise.resolve(1))).toBe(1);
});

test("without a shared folder it is made each time", async () => {
  vi.stubEnv(SHARED_FOLDER, undefined);
  const make = vi.fn(() => Promise.resolve(1));
  await madeOnce("a", make);
  await madeOnce("a", make);
  expect(make).toHaveBeenCalledTimes(2);
});
