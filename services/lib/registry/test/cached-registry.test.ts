import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readAliases } from "../src/aliases/aliases.ts";
import { publishVersion } from "../src/publish/publish-version.ts";
import { setAlias } from "../src/publish/set-alias.ts";
import { RegistryUnavailableError } from "../src/registry-error.ts";
import { createCachedStorage } from "../src/storage/cached-storage.ts";
import { createFolderStorage } from "../src/storage/folder-storage.ts";
import type { RegistryStorage } from "../src/storage/registry-storage.ts";
import { readManifest, readVersion, resolveVersion } from "../src/versions/read-version.ts";
import { versionFingerprint } from "../src/versions/version-fingerprint.ts";
import { accept, MODEL, publication } from "./publication-fixture.ts";

let root = "";
let folder = "";
/** How the registry answers, and how many calls it got. */
let answers: "at once" | "never" | "away";
let calls: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "registry-origin-"));
  folder = path.join(await mkdtemp(path.join(os.tmpdir(), "registry-copies-")), "cache");
  answers = "at once";
  calls = [];
  await publishVersion(root, publication(), accept);
  await publishVersion(root, publication({ onnx: new Uint8Array([4]) }), accept);
  await move("v1");
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
  await rm(path.dirname(folder), { recursive: true, force: true });
});
const move = (version: string) =>
  setAlias(
    root,
    { modelName: MODEL, alias: "champion", version, setBy: "ada", reason: "why", now: new Date(0) },
    accept,
  );

/** Returns the folder's registry, which answers as `answers` says. */
function origin(): RegistryStorage {
  const own = createFolderStorage(root);
  const guarded =
    <A extends readonly unknown[], T>(name: string, work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      calls.push(name);
      if (answers === "away") throw new RegistryUnavailableError(new Error("gone"));
      if (answers === "never") await new Promise(() => {});
      return await work(...args);
    };
  return {
    ...own,
    read: guarded("read", own.read),
    hasModel: guarded("hasModel", own.hasModel),
    fingerprint: guarded("fingerprint", own.fingerprint),
  };
}
const cached = (over: object = {}) =>
  createCachedStorage(origin(), { folder, maxBytes: 1_000_000, freshMs: 0, patienceMs: 60_000, ...over });

test("a file with a known digest is read from the registry once, whoever asks", async () => {
  const first = await readVersion(cached(), MODEL, "v1");
  calls = [];
  expect(await readVersion(cached(), MODEL, "v1")).toEqual(first);
  // Only the manifest.
  expect(calls).toEqual(["read"]);
});

test("a copy that was changed is not used", async () => {
  const first = await readVersion(cached(), MODEL, "v1");
  for (const name of await readdir(path.join(folder, "content")))
    await writeFile(path.join(folder, "content", name), "changed");
  expect(await readVersion(cached(), MODEL, "v1")).toEqual(first);
});

test("answers are used again for a while, and callers of one answer make one call", async () => {
  const registry = cached({ freshMs: 60_000 });
  await Promise.all(Array.from({ length: 50 }, () => resolveVersion(registry, MODEL, "champion")));
  expect(calls).toEqual(["read"]);
  await move("v2");
  expect(await resolveVersion(registry, MODEL, "champion")).toBe("v1");
  expect(await resolveVersion(cached(), MODEL, "champion")).toBe("v2");
});

test("while the registry is away, aliases and versions are those of the last access, also after a restart", async () => {
  const registry = cached();
  await resolveVersion(registry, MODEL, "champion");
  const stored = await readVersion(registry, MODEL, "v1");
  expect(registry.state()).toEqual({ failure: null, cacheFailure: null });
  answers = "away";
  for (const reader of [registry, cached()]) {
    expect(await resolveVersion(reader, MODEL, "champion")).toBe("v1");
    expect(await readVersion(reader, MODEL, "v1")).toEqual(stored);
    await expect(readVersion(reader, MODEL, "v2")).rejects.toMatchObject({ name: "RegistryUnavailableError" });
    expect(reader.state().failure).toMatchObject({ reason: "the model registry cannot be used: gone" });
  }
  answers = "at once";
  await move("v2");
  expect(await resolveVersion(registry, MODEL, "champion")).toBe("v2");
  expect(registry.state().failure).toBeNull();
});

test("a registry that does not answer is not waited for when there is an older answer", async () => {
  // Another reader of the same copies gets the older answer, with all the time that it needs.
  await resolveVersion(cached(), MODEL, "champion");
  const registry = cached({ patienceMs: 20 });
  answers = "never";
  expect(await resolveVersion(registry, MODEL, "champion")).toBe("v1");
  expect(registry.state().failure?.reason).toBe("the model registry has not answered for 0.02 s");
  const before = calls.length;
  for (let i = 0; i < 5; i++) await resolveVersion(registry, MODEL, "champion");
  expect(calls).toHaveLength(before);
});

test("an alias file that was changed by hand is an error, not an old answer", async () => {
  const registry = cached();
  await resolveVersion(registry, MODEL, "champion");
  await writeFile(path.join(root, MODEL, "aliases.json"), "{");
  await expect(readAliases(registry, MODEL)).rejects.toMatchObject({ name: "ModelCorruptError" });
});

test("a manifest is read again when the files of its version change", async () => {
  const registry = cached({ freshMs: 60_000 });
  await registry.fingerprint(MODEL, "v1");
  expect((await readVersion(registry, MODEL, "v1")).manifest.configHash).toBe("a".repeat(64));
  const file = path.join(root, MODEL, "v1", "manifest.json");
  await writeFile(file, (await readFile(file, "utf8")).replaceAll("a".repeat(64), "b".repeat(64)));
  await registry.fingerprint(MODEL, "v1");
  expect((await readVersion(registry, MODEL, "v1")).manifest.configHash).toBe("b".repeat(64));
});

test("copies have at most the size of the cache, and the newest is kept", async () => {
  const onnx = (byte: number) => new Uint8Array(4_000).fill(byte);
  for (const byte of [7, 8, 9]) await publishVersion(root, publication({ onnx: onnx(byte) }), accept);
  const registry = cached({ maxBytes: 9_000 });
  for (const version of ["v3", "v4", "v5"]) {
    await readVersion(registry, MODEL, version);
    let total = 0;
    for (const kind of ["content", "last"])
      for (const name of await readdir(path.join(folder, kind)))
        total += (await readFile(path.join(folder, kind, name))).length;
    expect(total).toBeLessThanOrEqual(9_000);
  }
});

test("a pinned version stays, however much else is read, and a process that starts while the registry is away reads it", async () => {
  const onnx = (byte: number) => new Uint8Array(4_000).fill(byte);
  for (const byte of [7, 8, 9]) await publishVersion(root, publication({ onnx: onnx(byte) }), accept);
  await move("v3");
  const registry = cached({ maxBytes: 9_000 });
  await resolveVersion(registry, MODEL, "champion");
  const { manifest } = await readVersion(registry, MODEL, "v3");
  registry.pin(
    Object.values(manifest.files).map(({ sha256 }) => sha256),
    [
      [MODEL, "aliases.json"],
      [MODEL, "v3", "manifest.json"],
    ],
  );
  for (let round = 0; round < 2; round++)
    for (const version of ["v1", "v2", "v4", "v5"]) await readVersion(registry, MODEL, version);
  answers = "away";
  const restarted = cached({ maxBytes: 9_000 });
  expect(await resolveVersion(restarted, MODEL, "champion")).toBe("v3");
  expect((await readVersion(restarted, MODEL, "v3")).manifest).toEqual(manifest);
  await expect(readVersion(restarted, MODEL, "v4")).rejects.toMatchObject({ name: "RegistryUnavailableError" });
});

test("a folder that cannot be written is reported, and the registry is read without copies", async () => {
  await writeFile(folder, "a file in the way");
  const registry = cached();
  expect((await readVersion(registry, MODEL, "v1")).manifest.version).toBe("v1");
  expect(registry.state().cacheFailure).toMatch(/^the cache .* cannot be written \((ENOTDIR|EEXIST)\)$/);
  await rm(folder);
  await move("v2");
  await vi.waitFor(async () => {
    await readVersion(registry, MODEL, "v2");
    expect(registry.state().cacheFailure).toBeNull();
  });
  await chmod(folder, 0o700);
});

test("versions whose files are compared in turns are not read again while their files are unchanged", async () => {
  const storage = cached({ freshMs: 600_000 });
  const round = async (): Promise<void> => {
    for (const version of ["v1", "v2"]) {
      await versionFingerprint(storage, MODEL, version);
      await readManifest(storage, MODEL, version);
    }
  };
  await round();
  calls = [];
  await round();
  expect(calls).toEqual(["fingerprint", "fingerprint"]);
});
