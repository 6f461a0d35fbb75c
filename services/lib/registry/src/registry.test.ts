import { appendFile, link, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { takeProcessLock } from "@bellwether/storage/process-lock";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAliases, setAlias } from "./aliases.ts";
import { registryRoot } from "./layout.ts";
import { type Publication, publishVersion } from "./publish.ts";
import { listVersions, readVersion, resolveVersion } from "./read-version.ts";

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
const champion = (version: string, over = {}) =>
  setAlias(root, {
    modelName: "supplier-risk",
    alias: "champion",
    version,
    setBy: "test",
    reason: "why",
    now: new Date("2026-01-06T00:00:00Z"),
    ...over,
  });

test("a published version reads back byte for byte and no draft is left", async () => {
  const manifest = await publishVersion(root, publication());
  expect(manifest.version).toBe("v1");
  const stored = await readVersion(root, "supplier-risk", "v1");
  expect(stored).toEqual({ manifest, onnx: new Uint8Array([1, 2, 3]), bundleJson: "{}", modelCard: "# card\n" });
  expect(await readdir(path.join(root, "supplier-risk"))).toEqual(["v1"]);
});

test("publishers at the same time get a version each", async () => {
  const manifests = await Promise.all(Array.from({ length: 6 }, () => publishVersion(root, publication())));
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

test("the champion's history grows by each move and by nothing else", async () => {
  await publishVersion(root, publication());
  await publishVersion(root, publication());
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

test("the same move asked for twice is made once, also with what was expected before it", async () => {
  await publishVersion(root, publication());
  await publishVersion(root, publication());
  await champion("v1", { expectedVersion: "" });
  const moved = await champion("v2", { expectedVersion: "v1" });
  expect(await champion("v2", { expectedVersion: "v1", reason: "again" })).toEqual(moved);
  expect((await readAliases(root, "supplier-risk")).moves.map((m) => m.version)).toEqual(["v1", "v2"]);
});

test("writers at the same time come one after the other and none is lost", async () => {
  await publishVersion(root, publication());
  await publishVersion(root, publication());
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

test("an alias file of before there were moves is read", async () => {
  await publishVersion(root, publication());
  const file = path.join(root, "supplier-risk", "aliases.json");
  const alias = { name: "champion", version: "v1", setAt: "2026-01-06T00:00:00.000Z", setBy: "a", reason: "b" };
  await writeFile(file, JSON.stringify({ format: "bellwether.aliases/1", aliases: [alias], champions: [alias] }));
  expect((await readAliases(root, "supplier-risk")).moves).toEqual([alias]);
});

test("a lock's name left by a killed process keeps nobody out, a held lock does", async () => {
  await publishVersion(root, publication());
  const lock = path.join(root, "supplier-risk", ".write.lock");
  await writeFile(lock, "999999999");
  await champion("v1");
  await using _held = await takeProcessLock(lock);
  await expect(champion("v1", { reason: "again" })).rejects.toMatchObject({
    name: "RegistryBusyError",
    message: expect.stringContaining(`held by process ${process.pid};`),
  });
});

test("unknown models, versions and aliases are told apart", async () => {
  await expect(listVersions(root, "nobody")).rejects.toMatchObject({ name: "ModelNotFoundError" });
  await publishVersion(root, publication());
  await expect(champion("v9")).rejects.toMatchObject({ name: "VersionNotFoundError" });
  await expect(readVersion(root, "supplier-risk", "v9")).rejects.toMatchObject({ name: "VersionNotFoundError" });
  await expect(resolveVersion(root, "supplier-risk", "challenger")).rejects.toMatchObject({
    name: "VersionNotFoundError",
  });
});

test("changed, linked and half-written files are refused", async () => {
  await publishVersion(root, publication());
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

test("names that could leave the folder are refused", async () => {
  await expect(publishVersion(root, publication({ modelName: "../evil" }))).rejects.toMatchObject({
    name: "RegistryNameError",
  });
  await expect(readVersion(root, "supplier-risk", "../v1")).rejects.toMatchObject({ name: "RegistryNameError" });
  expect(() => registryRoot("s3://bucket", "/srv")).toThrow(/use file:FOLDER/);
  expect(registryRoot("file:models", "/srv")).toBe("/srv/models");
  expect(registryRoot("file:///data/models", "/srv")).toBe("/data/models");
});
