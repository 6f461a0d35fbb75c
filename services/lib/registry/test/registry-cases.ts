import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { readAliases } from "../src/aliases/aliases.ts";
import { publishUnlessSame, publishVersion } from "../src/publish/publish-version.ts";
import { removeVersion } from "../src/publish/remove-version.ts";
import { setAlias } from "../src/publish/set-alias.ts";
import type { Registry } from "../src/storage/storage-of.ts";
import { readImportance } from "../src/versions/read-importance.ts";
import { listModels, listVersions, readManifest, readVersion, resolveVersion } from "../src/versions/read-version.ts";
import { accept, publication } from "./publication-fixture.ts";

/**
 * Registers the tests that a registry passes wherever it is.
 * @param registryOf returns the registry of the running test; `null` skips the test
 */
export function testRegistry(kind: string, registryOf: () => Registry | null): void {
  const it = (name: string, work: (registry: Registry, model: string) => Promise<void>): void =>
    test(`${kind}: ${name}`, { timeout: 60_000 }, async (context) => {
      const registry = registryOf();
      if (registry === null) return context.skip(`${kind} is not available`);
      await work(registry, `m-${randomUUID()}`);
    });
  const now = new Date("2026-01-06T00:00:00Z");
  const set = (registry: Registry, modelName: string, version: string, over: object = {}) =>
    setAlias(registry, { modelName, alias: "champion", version, setBy: "ada", reason: "better", now, ...over }, accept);

  it("a published version is read back byte for byte", async (registry, modelName) => {
    const importanceJson = '{"a":1}\n';
    const manifest = await publishVersion(registry, publication({ modelName, importanceJson }), accept);
    expect(manifest.version).toBe("v1");
    expect(await readVersion(registry, modelName, "v1")).toEqual({
      ...{ manifest, onnx: new Uint8Array([1, 2, 3]), bundleJson: "{}", modelCard: "# card\n" },
    });
    expect(await readImportance(registry, modelName, "v1")).toEqual({ manifest, importanceJson });
    expect(await listModels(registry)).toContain(modelName);
  });

  it("models, versions and aliases that do not exist are different errors", async (registry, modelName) => {
    await expect(readAliases(registry, modelName)).rejects.toMatchObject({ name: "ModelNotFoundError" });
    await expect(listVersions(registry, modelName)).rejects.toMatchObject({ name: "ModelNotFoundError" });
    await expect(readManifest(registry, modelName, "v1")).rejects.toMatchObject({ name: "VersionNotFoundError" });
    await publishVersion(registry, publication({ modelName }), accept);
    expect((await readAliases(registry, modelName)).aliases).toEqual([]);
    await expect(resolveVersion(registry, modelName, "champion")).rejects.toMatchObject({
      name: "VersionNotFoundError",
    });
    await expect(set(registry, modelName, "v9")).rejects.toMatchObject({ name: "VersionNotFoundError" });
    await expect(readVersion(registry, modelName, "../v1")).rejects.toMatchObject({ name: "RegistryNameError" });
    await expect(readVersion(registry, "../x", "v1")).rejects.toMatchObject({ name: "RegistryNameError" });
    await expect(listVersions(registry, "../x")).rejects.toMatchObject({ name: "RegistryNameError" });
  });

  it("concurrent publishers get different versions, each with its own files", async (registry, modelName) => {
    const cards = ["# a\n", "# b\n", "# c\n", "# d\n"];
    const manifests = await Promise.all(
      cards.map((modelCard) => publishVersion(registry, publication({ modelName, modelCard }), accept)),
    );
    expect(new Set(manifests.map(({ version }) => version)).size).toBe(4);
    for (const [i, { version }] of manifests.entries())
      expect((await readVersion(registry, modelName, version)).modelCard).toBe(cards[i]);
    expect(await listVersions(registry, modelName)).toHaveLength(4);
  });

  it("of concurrent publishers of the same model one publishes it, and other models are published", async (registry, modelName) => {
    const cards = ["# a\n", "# b\n", "# c\n", "# d\n"];
    const same = cards.map((modelCard) => publishUnlessSame(registry, publication({ modelName, modelCard }), accept));
    // A model of the same size, and the same model with another bundle.
    const others = [{ onnx: new Uint8Array([3, 2, 1]) }, { bundleJson: "[]" }].map((over) =>
      publishUnlessSame(registry, publication({ modelName, ...over }), accept),
    );
    expect((await Promise.all(same)).filter((manifest) => manifest !== null)).toHaveLength(1);
    for (const other of await Promise.all(others)) expect(other).not.toBeNull();
    expect(await listVersions(registry, modelName)).toHaveLength(3);
    expect(await publishUnlessSame(registry, publication({ modelName }), accept)).toBeNull();
  });

  it("of writers that expect the same version one moves the alias", async (registry, modelName) => {
    for (let i = 0; i < 4; i++) await publishVersion(registry, publication({ modelName }), accept);
    await set(registry, modelName, "v1");
    const movers = ["v2", "v3", "v4"];
    const moved = await Promise.allSettled(
      movers.map((version) => set(registry, modelName, version, { expectedVersion: "v1", setBy: `who ${version}` })),
    );
    const won = movers.filter((_, i) => moved[i]?.status === "fulfilled");
    expect(won).toHaveLength(1);
    for (const result of moved)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ name: "AliasMovedError", found: won[0] });
    const { aliases, moves } = await readAliases(registry, modelName);
    expect(aliases).toMatchObject([{ name: "champion", version: won[0], setBy: `who ${won[0]}` }]);
    expect(moves.map(({ version }) => version)).toEqual(["v1", won[0]]);
  });

  it("concurrent moves without an expectation are made one after the other, and none is lost", async (registry, modelName) => {
    for (let i = 0; i < 2; i++) await publishVersion(registry, publication({ modelName }), accept);
    const reasons = ["1", "2", "3", "4"];
    await Promise.all(
      reasons.map((reason, i) =>
        set(registry, modelName, i % 2 ? "v1" : "v2", { reason, alias: i < 2 ? "champion" : "challenger" }),
      ),
    );
    const { aliases, moves } = await readAliases(registry, modelName);
    for (const alias of aliases) expect(moves.findLast(({ name }) => name === alias.name)).toEqual(alias);
    expect(moves).toHaveLength(4);
  });

  it("a version that no alias points at is removed, and its number is not used again", async (registry, modelName) => {
    for (let i = 0; i < 2; i++) await publishVersion(registry, publication({ modelName }), accept);
    await set(registry, modelName, "v1");
    const removal = { modelName, removedBy: "ada", reason: "old", now };
    await expect(removeVersion(registry, { ...removal, version: "v1" })).rejects.toMatchObject({
      name: "VersionNeededError",
      message: `${modelName} v1 is not removed: it is the champion`,
    });
    await expect(removeVersion(registry, { ...removal, version: "v9" })).rejects.toMatchObject({
      name: "VersionNotFoundError",
    });
    await removeVersion(registry, { ...removal, version: "v2" });
    await removeVersion(registry, { ...removal, version: "v2" });
    await expect(readVersion(registry, modelName, "v2")).rejects.toMatchObject({ name: "VersionNotFoundError" });
    expect((await listVersions(registry, modelName)).map(({ version }) => version)).toEqual(["v1"]);
    expect((await publishVersion(registry, publication({ modelName }), accept)).version).toBe("v3");
    expect((await readVersion(registry, modelName, "v1")).manifest.version).toBe("v1");
  });
}
