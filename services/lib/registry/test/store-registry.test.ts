import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ObjectStore } from "@bellwether/object-store/object-store";
import { openObjectStore } from "@bellwether/object-store/open-store";
import { spawnScript } from "@bellwether/testing/node-process";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { readAliases } from "../src/aliases/aliases.ts";
import { openRegistry } from "../src/open-registry.ts";
import { publishUnlessSame, publishVersion } from "../src/publish/publish-version.ts";
import { setAlias } from "../src/publish/set-alias.ts";
import { createStoreStorage } from "../src/storage/store-storage.ts";
import { listModels, listVersions, readVersion, resolveVersion } from "../src/versions/read-version.ts";
import { versionFingerprint } from "../src/versions/version-fingerprint.ts";
import { accept, MODEL, publication } from "./publication-fixture.ts";
import { testRegistry } from "./registry-cases.ts";

// The object store of these tests is a folder: the same code as with S3 and Azure, without a server.
let folder = "";
let store: ObjectStore;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "registry-store-"));
  store = await openObjectStore(`file:${folder}`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const registryOn = (over: Partial<ObjectStore> = {}) =>
  createStoreStorage("s3://bucket/models", () => Promise.resolve({ ...store, ...over }));

testRegistry("folder store", () => registryOn());

test("the layout of objects is that of a registry's folder", async () => {
  await publishVersion(registryOn(), publication(), accept);
  await setAlias(registryOn(), move("v1"), accept);
  expect((await readdir(path.join(folder, MODEL, "v1"))).sort()).toEqual([
    ...["MODEL_CARD.md", "feature_bundle.json", "manifest.json", "model.onnx"],
  ]);
  expect(await resolveVersion(folder, MODEL, "champion")).toBe("v1");
  expect(await readVersion(folder, MODEL, "v1")).toEqual(await readVersion(registryOn(), MODEL, "v1"));
});

const move = (version: string, over: object = {}) => ({
  ...{ modelName: MODEL, alias: "champion" as const, version, setBy: "ada", reason: "better" },
  ...{ now: new Date("2026-01-06T00:00:00Z"), ...over },
});

test("a file that has not changed is not transferred again, and one that has changed is", async () => {
  await publishVersion(registryOn(), publication(), accept);
  await publishVersion(registryOn(), publication({ onnx: new Uint8Array([4]) }), accept);
  await setAlias(registryOn(), move("v1"), accept);
  const requests: string[] = [];
  const counted =
    <A extends readonly [string, ...unknown[]], T>(name: string, work: (...args: A) => T) =>
    (...args: A): T => {
      requests.push(`${name} ${args[0]}`);
      return work(...args);
    };
  const registry = registryOn({
    ...{ get: counted("get", store.get), head: counted("head", store.head) },
    ...{ list: counted("list", store.list), folders: counted("folders", store.folders) },
  });
  for (let poll = 0; poll < 5; poll++) expect(await resolveVersion(registry, MODEL, "champion")).toBe("v1");
  // A poll without a change is one request that transfers nothing.
  expect(requests).toEqual([`get ${MODEL}/aliases.json`, ...Array(4).fill(`head ${MODEL}/aliases.json`)]);
  await setAlias(registryOn(), move("v2"), accept);
  expect(await resolveVersion(registry, MODEL, "champion")).toBe("v2");
  expect(requests.slice(5)).toEqual([`head ${MODEL}/aliases.json`, `get ${MODEL}/aliases.json`]);
  await rm(path.join(folder, MODEL, "aliases.json"));
  await expect(resolveVersion(registry, MODEL, "champion")).rejects.toMatchObject({ name: "VersionNotFoundError" });
});

/** Publishes a version and sets the champion in a process that is killed after `writes` writes. */
async function publishUntilKilled(model: string, writes: number): Promise<void> {
  const at = (file: string) => JSON.stringify(path.resolve(import.meta.dirname, file));
  const script = `
    const { openObjectStore } = await import(${JSON.stringify(import.meta.resolve("@bellwether/object-store/open-store"))});
    const { createStoreStorage } = await import(${at("../src/storage/store-storage.ts")});
    const { publishVersion } = await import(${at("../src/publish/publish-version.ts")});
    const { setAlias } = await import(${at("../src/publish/set-alias.ts")});
    const { accept, publication } = await import(${at("publication-fixture.ts")});
    const store = await openObjectStore(${JSON.stringify(`file:${folder}`)});
    let left = ${writes};
    const put = async (...args) => {
      if (left === 0) process.kill(process.pid, "SIGKILL");
      const stored = await store.put(...args);
      if (--left === 0) process.kill(process.pid, "SIGKILL");
      return stored;
    };
    const registry = createStoreStorage("s3://bucket/models", async () => ({ ...store, put }));
    const modelName = ${JSON.stringify(model)};
    const { version } = await publishVersion(registry, publication({ modelName }), accept);
    await setAlias(registry, { modelName, alias: "champion", version, setBy: "ada", reason: "why", now: new Date(0) }, accept);`;
  const { child, ended } = spawnScript(script);
  onTestFinished(() => void child.kill("SIGKILL"));
  await ended;
  expect(child.signalCode).toBe("SIGKILL");
}

test("a publisher that is killed after each of its writes leaves no version that is half there", {
  timeout: 120_000,
}, async () => {
  const files = ["model.onnx", "feature_bundle.json", "MODEL_CARD.md", "manifest.json"];
  await Promise.all(
    [0, 1, 2, 3, 4, 5].map(async (writes) => {
      const model = `${MODEL}-${writes}`;
      await publishUntilKilled(model, writes);
      expect((await readdir(path.join(folder, model, "v1")).catch(() => [])).sort()).toEqual(
        files.slice(0, writes).sort(),
      );
      const isVisible = writes >= 4;
      if (writes > 0) expect(await listVersions(registryOn(), model)).toHaveLength(isVisible ? 1 : 0);
      if (isVisible) {
        await readVersion(registryOn(), model, "v1");
        // The alias and its history are one file: both are there, or neither.
        const { aliases, moves } = await readAliases(registryOn(), model);
        expect(aliases).toHaveLength(writes - 4);
        expect(moves).toEqual(aliases);
      }
      const { version } = await publishVersion(registryOn(), publication({ modelName: model }), accept);
      expect(version).toBe(writes === 0 ? "v1" : "v2");
      expect((await listVersions(registryOn(), model)).map((manifest) => manifest.version)).toEqual(
        isVisible ? ["v2", "v1"] : [version],
      );
    }),
  );
});

test("a publisher whose write fails removes what it wrote, unless the manifest may be there", async () => {
  const failsAt = (name: string) =>
    registryOn({
      put: (key, content, options) =>
        key.endsWith(name) ? Promise.reject(new Error("the disk is full")) : store.put(key, content, options),
    });
  await expect(publishVersion(failsAt("MODEL_CARD.md"), publication(), accept)).rejects.toThrow("the disk is full");
  expect(await readdir(path.join(folder, MODEL, "v1"))).toEqual([]);
  await expect(publishVersion(failsAt("manifest.json"), publication(), accept)).rejects.toThrow("the disk is full");
  expect(await readdir(path.join(folder, MODEL, "v1"))).toHaveLength(3);
  expect(await listVersions(registryOn(), MODEL)).toEqual([]);
});

test("an object that is not the listed one is an error, and a large one is not read", async () => {
  const registry = registryOn();
  await publishVersion(registry, publication(), accept);
  const before = await versionFingerprint(registry, MODEL, "v1");
  expect(await versionFingerprint(registry, MODEL, "v1")).toBe(before);
  await writeFile(path.join(folder, MODEL, "v1/model.onnx"), "other");
  await expect(readVersion(registry, MODEL, "v1")).rejects.toThrow(
    /^s3:\/\/bucket\/models\/supplier-risk\/v1\/model\.onnx: differs from the digest/,
  );
  expect(await versionFingerprint(registry, MODEL, "v1")).not.toBe(before);
  await writeFile(path.join(folder, MODEL, "v1/manifest.json"), Buffer.alloc(64 * 1024 + 1));
  let read = 0;
  const counted = registryOn({
    async get(key, options) {
      const { info, chunks } = await store.get(key, options);
      async function* counting() {
        for await (const chunk of chunks) {
          read += chunk.length;
          yield chunk;
        }
      }
      return { info, chunks: counting() };
    },
  });
  await expect(readVersion(counted, MODEL, "v1")).rejects.toThrow("has 65537 bytes, at most 65536 are read");
  expect(read).toBe(0);
});

test("a store that sends more or fewer bytes than it announced is an error", async () => {
  await publishVersion(registryOn(), publication(), accept);
  for (const [size, text] of [
    [1, "has more than the 1 bytes"],
    [9_999, "of the 9999 bytes"],
  ] as const) {
    const lying = registryOn({
      get: async (key, options) => {
        const { info, chunks } = await store.get(key, options);
        return { info: { ...info, bytes: size }, chunks };
      },
    });
    await expect(readVersion(lying, MODEL, "v1")).rejects.toThrow(text);
  }
});

test("an update that others win again and again ends, and nothing was written", async () => {
  await publishVersion(registryOn(), publication(), accept);
  await setAlias(registryOn(), move("v1", { alias: "challenger" }), accept);
  let puts = 0;
  const racing = registryOn({
    async put(key, content, options) {
      puts++;
      await store.put(key, Buffer.from(await raceText(puts)));
      return await store.put(key, content, options);
    },
  });
  const raceText = async (n: number) => JSON.stringify({ ...(await readAliases(registryOn(), MODEL)), n });
  await expect(setAlias(racing, move("v1"), accept)).rejects.toMatchObject({ name: "RegistryBusyError" });
  expect(puts).toBe(10);
  expect((await readAliases(registryOn(), MODEL)).aliases.map(({ name }) => name)).toEqual(["challenger"]);
});

test("a store that cannot be opened is an error with a retry delay, and is opened again", async () => {
  const blocked = path.join(folder, "file");
  await writeFile(blocked, "");
  const registry = createStoreStorage("s3://bucket", () => openObjectStore(`file:${blocked}`));
  await expect(listModels(registry)).rejects.toMatchObject({ name: "RegistryUnavailableError", retryAfterMs: 2_000 });
  await rm(blocked);
  expect(await listModels(registry)).toEqual([]);
});

test("the URL says which kind of registry it is, and a wrong one quotes no secret", () => {
  expect(openRegistry("models", "/srv", {})).toBe("/srv/models");
  expect(openRegistry("file:///data/models", "/srv", {})).toBe("/data/models");
  expect(openRegistry("s3://bucket/models?region=eu-central-1", "/srv", {})).toMatchObject({
    address: "s3://bucket/models",
  });
  expect(openRegistry("azure://container/x?account=risk01", "/srv", {})).toMatchObject({
    address: "azure://container/x",
  });
  for (const url of ["s3://key:hidden@bucket/models", "s3://bucket/models?secret=hidden", "gs://hidden/x"])
    expect(() => openRegistry(url, "/srv", {})).toThrow(/^MODEL_REGISTRY_URL: (?!.*hidden)/);
});

test("a publisher does not wait for one that was killed, and waits for one that stores the same model now", async () => {
  const unfinished = (version: string, modifiedAt: Date) => ({
    async *list(prefix: string) {
      for await (const info of store.list(prefix))
        yield info.key.startsWith(`${MODEL}/${version}/`) ? { ...info, modifiedAt } : info;
    },
  });
  const { onnx } = publication();
  await store.put(`${MODEL}/v1/model.onnx`, onnx);
  const hourAgo = new Date(Date.now() - 3_600_000);
  expect(await publishUnlessSame(registryOn(unfinished("v1", hourAgo)), publication(), accept)).toMatchObject({
    version: "v2",
  });
  // The files of v4 are stored except for its manifest, which comes while v5 waits.
  await publishVersion(registryOn(), publication({ onnx: new Uint8Array([9, 9]) }), accept);
  const looked: string[] = [];
  const late = registryOn({
    async *list(prefix: string) {
      looked.push(prefix);
      if (looked.length === 2) await finish();
      yield* store.list(prefix);
    },
  });
  const bytes = new Uint8Array([5, 5, 5, 5]);
  await store.put(`${MODEL}/v4/model.onnx`, bytes);
  const finish = async () => {
    const other = await publishVersion(registryOn(), publication({ modelName: "other", onnx: bytes }), accept);
    await store.put(
      `${MODEL}/v4/manifest.json`,
      Buffer.from(JSON.stringify({ ...other, modelName: MODEL, version: "v4" })),
    );
  };
  expect(await publishUnlessSame(late, publication({ onnx: bytes }), accept)).toBeNull();
  expect((await Array.fromAsync(store.list(`${MODEL}/v5/`))).map(({ key }) => key)).toEqual([]);
});
