import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { provideSessionKeys, readSessionKeys, sessionKeyFile } from "./session-keys.ts";

async function folder(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-session-keys-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

it("creates one key that only the owner can read, and keeps it", async () => {
  const file = sessionKeyFile(await folder());
  const all = await Promise.all(Array.from({ length: 8 }, () => provideSessionKeys(file)));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  for (const keys of all) expect(keys).toEqual(all[0]);
  expect(await provideSessionKeys(file)).toEqual(all[0]);
});

it("names the file of a key that cannot be used, and does not repeat the key", async () => {
  const file = path.join(await folder(), "key");
  await expect(readSessionKeys(file)).rejects.toThrow(/session keys in .*key cannot be used: ENOENT/);
  await writeFile(file, "hunter2\n");
  await expect(provideSessionKeys(file)).rejects.toThrow(/key cannot be used: key 1 is not 32 bytes/);
  await writeFile(file, "x".repeat(5_000));
  await expect(readSessionKeys(file)).rejects.toThrow(/5000 bytes, expected at most 4096/);
});
