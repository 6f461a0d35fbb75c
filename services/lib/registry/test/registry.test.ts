import { execFileSync } from "node:child_process";
import {
  appendFile,
  chmod,
  cp,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { takeProcessLock } from "@bellwether/files/process-lock";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { readAliases } from "../src/aliases/aliases.ts";
import { registryRoot } from "../src/layout.ts";
import { type Publication, publishVersion } from "../src/publish/publish-version.ts";
import { setAlias } from "../src/publish/set-alias.ts";
import { listModels, listVersions, readVersion, resolveVersion } from "../src/versions/read-version.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "registry-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const publication = (over: Partial<Publication> = {}): Publication => ({
  modelName: "supplier-risk",
  origin: "trained",
  configHash: "a".repeat(64),
  onnx: new Uint8Array([1, 2, 3]),
  bundleJson: "{}",
  modelCard: "# card\n",
  evaluation: { auc: 0.9, baselineFeature: "late_ratio", baselineAuc: 0.8 },
  now: new Date("2026-01-05T00:00:00Z"),
  ...over,
});
/** The files of these versions are not real models. */
const accept = async () => {};

const champion = (version: string, over = {}) =>
  setAlias(
    root,
    {
      modelName: "supplier-risk",
      alias: "champion",
      version,
      setBy: "test",
      reason: "why",
      now: new Date("2026-01-06T00:00:00Z"),
      ...over,
    },
    accept,
  );

/** Creates a sparse file of that many bytes, which takes no disk space. */
const writeSparse = (file: string, bytes: number) => writeFile(file, "").then(() => truncate(file, bytes));

test("a file beside the models is not a model", async () => {
  await writeFile(path.join(root, "README.md"), "# Model registry\n");
  expect(await listModels(root)).toEqual([]);
  await publishVersion(root, publication(), accept);
  expect(await listModels(root)).toEqual(["supplier-risk"]);
});

test("a published version is read back byte for byte and no temporary folder is left", async () => {
  const manifest = await publishVersion(root, publication(), accept);
  expect(manifest.version).toBe("v1");
  const stored = await readVersion(root, "supplier-risk", "v1");
  expect(stored).toEqual({ manifest, onnx: new Uint8Array([1, 2, 3]), bundleJson: "{}", modelCard: "# card\n" });
  expect(await readdir(path.join(root, "supplier-risk"))).toEqual(["v1"]);
});

test("concurrent publishers get different version numbers", async () => {
  const manifests = await Promise.all(Array.from({ length: 6 }, () => publishVersion(root, publication(), accept)));
  expect(new Set(manifests.map((m) => m.version)).size).toBe(6);
  expect((await listVersions(root, "supplier-risk")).map((m) => m.version)).toEqual([
    "v6",
    "v5",
    "v4",
    "v3",
    "v2",
    "v1",
  ]);
});

test("the champion's history grows with each move and does not change otherwise", async () => {
  await publishVersion(root, publication(), accept);
  await publishVersion(root, publication(), accept);
  await champion("v1");
  await champion("v1");
  await champion("v2", { expectedVersion: "v1" });
  await champion("v1");
  expect((await readAliases(root, "supplier-risk")).champions.map((c) => c.version)).toEqual(["v1", "v2", "v1"]);
  expect(await resolveVersion(root, "supplier-risk", "")).toBe("v1");
  await expect(champion("v2", { expectedVersion: "v2" })).rejects.toMatchObject({
    name: "AliasMovedError",
    found: "v1",
  });
});

test("a repeated move is made once, also with the version that was expected before it", async () => {
  await publishVersion(root, publication(), accept);
  await publishVersion(root, publication(), accept);
  await champion("v1", { expectedVersion: "" });
  const moved = await champion("v2", { expectedVersion: "v1" });
  expect(await champion("v2", { expectedVersion: "v1", reason: "again" })).toEqual(moved);
  expect((await readAliases(root, "supplier-risk")).moves.map((m) => m.version)).toEqual(["v1", "v2"]);
});

test("concurrent writers write one after the other and no move is lost", async () => {
  await publishVersion(root, publication(), accept);
  await publishVersion(root, publication(), accept);
  const moves = Array.from({ length: 10 }, (_, i) =>
    champion(i % 2 ? "v1" : "v2", { alias: i % 3 ? "champion" : "challenger" }),
  );
  const made = await Promise.all(moves);
  const file = await readAliases(root, "supplier-risk");
  for (const alias of file.aliases) expect(file.moves.findLast((m) => m.name === alias.name)).toEqual(alias);
  expect(new Set(made.map((m) => m.version))).toEqual(new Set(["v1", "v2"]));
  for (const [i, move] of file.moves.entries())
    expect(file.moves.slice(0, i).findLast((m) => m.name === move.name)?.version).not.toBe(move.version);
});

test.each<[string, (file: string) => Promise<unknown>]>([
  ["a link to itself", (file) => symlink(file, file)],
  ["a link to nothing", (file) => symlink(path.join(root, "nowhere"), file)],
  ["a folder", (file) => mkdir(file)],
  ["a named pipe", async (file) => execFileSync("mkfifo", [file])],
  ["over 16 MiB", (file) => writeSparse(file, 16 * 1024 * 1024 + 1)],
])("an alias file that is %s is an error, not a missing file", async (_, make) => {
  await publishVersion(root, publication(), accept);
  expect((await readAliases(root, "supplier-risk")).aliases).toEqual([]);
  const file = path.join(root, "supplier-risk", "aliases.json");
  await make(file);
  await expect(readAliases(root, "supplier-risk")).rejects.toMatchObject({ name: "ModelCorruptError", file });
  await expect(champion("v1")).rejects.toMatchObject({ name: "ModelCorruptError", file });
});

test("rejects a text that could not be read again", async () => {
  await publishVersion(root, publication(), accept);
  await expect(champion("v1", { setBy: "x".repeat(257) })).rejects.toMatchObject({ name: "RegistryNameError" });
  await expect(champion("v1", { reason: "x".repeat(1_001) })).rejects.toMatchObject({ name: "RegistryNameError" });
  const set = await champion("v1", { setBy: "x".repeat(256), reason: "x".repeat(1_000) });
  expect((await readAliases(root, "supplier-risk")).moves).toEqual([set]);
});

test("a folder without a manifest is not a version: the others are listed, and its number is not used again", async () => {
  await publishVersion(root, publication(), accept);
  await mkdir(path.join(root, "supplier-risk", "v7"));
  await writeFile(path.join(root, "supplier-risk", "v7", "model.onnx"), "half");
  await writeFile(path.join(root, "supplier-risk", "v8"), "no folder");
  await symlink(path.join(root, "nowhere"), path.join(root, "supplier-risk", "v9"));
  expect((await listVersions(root, "supplier-risk")).map((m) => m.version)).toEqual(["v1"]);
  expect((await publishVersion(root, publication(), accept)).version).toBe("v10");
});

test("a name that only resembles a version is ignored", async () => {
  await publishVersion(root, publication(), accept);
  for (const name of ["v0", "v01", "v1x", "V5", "v999999999999"]) await mkdir(path.join(root, "supplier-risk", name));
  expect((await publishVersion(root, publication(), accept)).version).toBe("v2");
  expect((await listVersions(root, "supplier-risk")).map((m) => m.version)).toEqual(["v2", "v1"]);
});

test("rejects a version after the highest number", async () => {
  await mkdir(path.join(root, "supplier-risk", "v999999998"), { recursive: true });
  expect((await publishVersion(root, publication(), accept)).version).toBe("v999999999");
  await expect(publishVersion(root, publication(), accept)).rejects.toMatchObject({ name: "RegistryNameError" });
  expect(await readdir(path.join(root, "supplier-risk"))).toEqual(["v999999998", "v999999999"]);
});

test("users who may read the registry's folder may read what is written into it, whatever the umask", async () => {
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  const folder = path.join(root, "supplier-risk");
  await mkdir(folder);
  await chmod(folder, 0o2750);
  await publishVersion(root, publication(), accept);
  await champion("v1");
  const modeOf = async (...below: string[]) => ((await stat(path.join(folder, ...below))).mode & 0o7777).toString(8);
  expect(await modeOf("v1")).toBe("2750");
  for (const file of await readdir(path.join(folder, "v1"))) expect(await modeOf("v1", file)).toBe("640");
  expect(await modeOf("aliases.json")).toBe("640");
});

test("only folders that can be models are listed, and only a registry that does not exist has no models", async () => {
  await publishVersion(root, publication(), accept);
  for (const name of ["lost+found", "Model", ".trash", "x".repeat(65)]) await mkdir(path.join(root, name));
  await writeFile(path.join(root, "notes"), "");
  expect(await listModels(root)).toEqual(["supplier-risk"]);
  expect(await listModels(path.join(root, "nowhere"))).toEqual([]);
  await expect(listModels(path.join(root, "notes"))).rejects.toThrow("ENOTDIR");
});

test("a lock file left by a killed process does not block writers, a held lock does", async () => {
  await publishVersion(root, publication(), accept);
  const lock = path.join(root, "supplier-risk", ".write.lock");
  await writeFile(lock, "999999999");
  await champion("v1");
  await using _held = await takeProcessLock(lock);
  await expect(champion("v1", { reason: "again" })).rejects.toMatchObject({
    name: "RegistryBusyError",
    message: expect.stringContaining(`held by process ${process.pid};`),
  });
});

test("unknown models, versions and aliases have different errors", async () => {
  await expect(listVersions(root, "nobody")).rejects.toMatchObject({ name: "ModelNotFoundError" });
  await publishVersion(root, publication(), accept);
  await expect(champion("v9")).rejects.toMatchObject({ name: "VersionNotFoundError" });
  await expect(readVersion(root, "supplier-risk", "v9")).rejects.toMatchObject({ name: "VersionNotFoundError" });
  await expect(resolveVersion(root, "supplier-risk", "challenger")).rejects.toMatchObject({
    name: "VersionNotFoundError",
  });
});

test("rejects changed, linked and half-written files", async () => {
  await publishVersion(root, publication(), accept);
  const folder = path.join(root, "supplier-risk", "v1");
  await appendFile(path.join(folder, "model.onnx"), "x");
  await expect(readVersion(root, "supplier-risk", "v1")).rejects.toThrow(/model.onnx: differs from the digest/);
  await rm(path.join(folder, "model.onnx"));
  await symlink("/dev/zero", path.join(folder, "model.onnx"));
  await expect(readVersion(root, "supplier-risk", "v1")).rejects.toThrow(/symbolic link/);
  await rm(path.join(folder, "model.onnx"));
  await link(path.join(folder, "MODEL_CARD.md"), path.join(folder, "model.onnx"));
  await expect(readVersion(root, "supplier-risk", "v1")).rejects.toThrow(/hard link/);
  await writeFile(path.join(folder, "manifest.json"), '{"format":');
  await expect(readVersion(root, "supplier-risk", "v1")).rejects.toThrow(/manifest.json: is not JSON/);
});

test("a named pipe does not block the reader", async () => {
  await publishVersion(root, publication(), accept);
  const folder = path.join(root, "supplier-risk", "v1");
  for (const name of ["model.onnx", "manifest.json"]) {
    await rm(path.join(folder, name));
    execFileSync("mkfifo", [path.join(folder, name)]);
    await expect(readVersion(root, "supplier-risk", "v1")).rejects.toThrow(`${name}: is not a regular file`);
  }
});

test("reads a manifest of at most 64 KiB", async () => {
  await publishVersion(root, publication(), accept);
  const file = path.join(root, "supplier-risk", "v1", "manifest.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.padEnd(64 * 1024));
  expect(await listVersions(root, "supplier-risk")).toHaveLength(1);
  await writeFile(file, text.padEnd(64 * 1024 + 1));
  await expect(listVersions(root, "supplier-risk")).rejects.toThrow(/manifest.json: has 65537 bytes, at most 65536/);
});

test("rejects a version that was copied to another name or model", async () => {
  await publishVersion(root, publication(), accept);
  const copy = (...to: string[]) =>
    cp(path.join(root, "supplier-risk", "v1"), path.join(root, ...to), { recursive: true });
  await copy("supplier-risk", "v2");
  await copy("other", "v1");
  await expect(readVersion(root, "supplier-risk", "v2")).rejects.toThrow(/belongs to supplier-risk v1/);
  await expect(readVersion(root, "other", "v1")).rejects.toThrow(/belongs to supplier-risk v1/);
});

test("rejects names that lead outside the folder", async () => {
  await expect(publishVersion(root, publication({ modelName: "../evil" }), accept)).rejects.toMatchObject({
    name: "RegistryNameError",
  });
  await expect(readVersion(root, "supplier-risk", "../v1")).rejects.toMatchObject({ name: "RegistryNameError" });
  expect(() => registryRoot("s3://bucket", "/srv")).toThrow(/use file:FOLDER/);
  expect(registryRoot("file:models", "/srv")).toBe("/srv/models");
  expect(registryRoot("file:///data/models", "/srv")).toBe("/data/models");
});
