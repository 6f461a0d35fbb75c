import { mkdtemp, rm, utimes } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { createBatchPool } from "@bellwether/scoring/batch/batch-pool";
import { createModelChecker } from "@bellwether/scoring/model/model-checker";
import { DEMO_SPEC, publishDemoModel, trainDemoModel } from "@bellwether/testing/demo-model";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createLoadedModels, type LoadedModels } from "./loaded-models.ts";

const modelName = DEMO_SPEC.name;
const unchecked = async () => {};
const pool = createBatchPool({ workers: 1, maxRows: 1_000, maxBytes: 2 ** 20 });
const checker = createModelChecker();
let root = "";
/** Versions of v1's files, without an alias. */
const EXTRA = 6;
let broken = "";

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "loaded-models-"));
  await publishDemoModel(root);
  const { onnx, bundleJson, modelCard } = await readVersion(root, modelName, "v1");
  const publication = { modelName, onnx, bundleJson, modelCard, origin: "trained" as const, configHash: "" };
  const publish = (over: object) =>
    publishVersion(root, { ...publication, evaluation: null, now: new Date(0), ...over }, unchecked);
  for (let i = 0; i < EXTRA; i++) await publish({});
  broken = (await publish({ onnx: Uint8Array.of(1, 2, 3) })).version;
});
afterAll(async () => {
  await checker[Symbol.asyncDispose]();
  await pool[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const open = (over: Partial<Parameters<typeof createLoadedModels>[2]> = {}): LoadedModels =>
  createLoadedModels(root, modelName, { pool, checker, now: () => new Date(5_000), ...over });
const move = (alias: "champion" | "challenger", version: string) =>
  setAlias(root, { modelName, alias, version, setBy: "test", reason: "try", now: new Date() }, unchecked);
const select = (modelVersion: string, anyVersion = true) => ({ modelName: "", modelVersion, anyVersion });
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a rejected version is opened again only when its files change; the old version is served until then", async () => {
  await using loadedModels = open();
  await loadedModels.refreshChampion();
  expect(loadedModels.status()).toMatchObject({ championVersion: "v1", served: { version: "v1" }, rejection: null });

  const trained = await trainDemoModel(8);
  const publication = { ...trained, onnx: Uint8Array.of(1, 2, 3), modelName, origin: "trained" as const };
  const now = new Date();
  const { version } = await publishVersion(root, { ...publication, configHash: "", evaluation: null, now }, unchecked);
  await move("champion", version);

  const first = await errorOf(loadedModels.refreshChampion());
  expect(first).toBeInstanceOf(Error);
  expect(await errorOf(loadedModels.refreshChampion())).toBe(first);
  const status = loadedModels.status();
  expect(status).toMatchObject({ championVersion: version, served: { version: "v1" } });
  expect(status.rejection).toMatchObject({ version, reason: (first as Error).message, at: new Date(5_000) });
  expect(status.rejection?.checks.at(-1)).toMatchObject({ name: "operators", outcome: "failed" });
  expect(status.rejections).toEqual([status.rejection]);

  await utimes(path.join(root, modelName, version, "model.onnx"), new Date(), new Date(0));
  const second = await errorOf(loadedModels.refreshChampion());
  expect(second).toBeInstanceOf(Error);
  expect(second).not.toBe(first);

  await move("champion", "v1");
  expect(await loadedModels.refreshChampion()).toBe("unchanged");
  expect(loadedModels.status().rejection).toBeNull();
});

test("the served version has passed every check, each with its result, in one list", async () => {
  await using loadedModels = open();
  await loadedModels.refreshChampion();
  expect(loadedModels.status().served?.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    "size passed",
    "digest passed",
    "signature not_made",
    "bundle passed",
    "operators passed",
    "contract not_made",
    "golden_rows passed",
    "additivity passed",
    "missing_row passed",
    "latency passed",
  ]);
});

test("a version that takes more memory than there is is rejected by its size, and the one before is served", async () => {
  const size = (await readVersion(root, modelName, "v1")).onnx.length;
  await using fitting = open({ maxModelBytes: size });
  expect(await fitting.refreshChampion()).toBe("swapped");
  await using small = open({ maxModelBytes: size - 1 });
  await expect(small.refreshChampion()).rejects.toThrow(`model.onnx has ${size} bytes, the memory of this service`);
  expect(small.status().rejection?.checks.at(-1)).toMatchObject({ name: "size", outcome: "failed" });
});

test("50 parallel calls for other versions load one at a time, keep three, and the others may try again", async () => {
  let checking = 0;
  let most = 0;
  const slow = {
    async prepare(...given: Parameters<typeof checker.prepare>) {
      most = Math.max(most, ++checking);
      try {
        return await checker.prepare(...given);
      } finally {
        checking--;
      }
    },
  };
  await using loadedModels = open({ checker: slow });
  await loadedModels.refreshChampion();
  const versions = Array.from({ length: 50 }, (_, i) => `v${2 + (i % EXTRA)}`);
  const all = versions.map((version) =>
    errorOf(
      loadedModels.withModel(select(version), ({ identity }) => {
        expect(identity.version).toBe(version);
        expect(loadedModels.status().others.length).toBeLessThanOrEqual(3);
      }),
    ),
  );
  const errors = (await Promise.all(all)).filter((error) => error !== undefined);
  for (const error of errors) expect(error).toMatchObject({ name: "ModelLoadsFullError" });
  expect(most).toBe(1);
  expect(loadedModels.status().others).toHaveLength(3);
});

test("50 parallel calls for versions that do not exist are answered while a load runs, and take no turn", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const held = {
    async prepare(...given: Parameters<typeof checker.prepare>) {
      begin();
      await ended;
      return await checker.prepare(...given);
    },
  };
  await using loadedModels = open({ checker: held });
  await loadedModels.refreshChampion();
  const versionOf = (version: string) => loadedModels.withModel(select(version), ({ identity }) => identity.version);
  const first = versionOf("v2");
  await begun;
  const unknown = await Promise.all(Array.from({ length: 50 }, (_, i) => errorOf(versionOf(`v${900 + (i % 40)}`))));
  for (const [i, error] of unknown.entries())
    expect(error).toMatchObject({ name: "VersionNotFoundError", version: `v${900 + (i % 40)}` });
  // The queue still has a turn for a version that exists.
  const second = versionOf("v3");
  end();
  expect(await Promise.all([first, second])).toEqual(["v2", "v3"]);
});

test("a version in use is not released for another one: the fourth is rejected until one is free", async () => {
  await using loadedModels = open();
  await loadedModels.refreshChampion();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const held = ["v2", "v3", "v4"].map((version) => loadedModels.withModel(select(version), () => ended));
  await vi.waitFor(() => expect(loadedModels.status().others).toHaveLength(3), { timeout: 60_000 });
  expect(await errorOf(loadedModels.withModel(select("v5"), () => 0))).toMatchObject({
    name: "ModelLoadsFullError",
    message: expect.stringContaining("3 other versions are loaded and in use"),
  });
  end();
  await Promise.all(held);
  expect(await loadedModels.withModel(select("v5"), ({ identity }) => identity.version)).toBe("v5");
});

test("the champion of a further model stays loaded beside three other versions, and a rejected one does not replace it", async () => {
  const late = "late";
  const { onnx, bundleJson, modelCard } = await readVersion(root, modelName, "v1");
  const renamed = bundleJson.replace(`"${modelName}"`, `"${late}"`);
  const publication = { modelName: late, onnx, bundleJson: renamed, modelCard, origin: "trained" as const };
  const publish = (over: object) =>
    publishVersion(root, { ...publication, configHash: "", evaluation: null, now: new Date(0), ...over }, unchecked);
  const promote = (version: string) =>
    setAlias(
      root,
      { modelName: late, alias: "champion", version, setBy: "test", reason: "try", now: new Date() },
      unchecked,
    );
  await using loadedModels = open({ furtherModels: [late] });
  await loadedModels.refreshChampion();
  const lateVersion = () =>
    loadedModels.withModel(
      { modelName: late, modelVersion: "", anyVersion: false },
      ({ identity }) => identity.version,
    );
  expect(await errorOf(lateVersion())).toMatchObject({ name: "ModelNotFoundError" });
  expect(await errorOf(loadedModels.refreshChampion(late))).toMatchObject({ name: "ModelNotFoundError" });
  expect(loadedModels.status(late)).toMatchObject({ served: null, rejection: { modelName: late, version: "" } });

  await publish({});
  await promote("v1");
  expect(await loadedModels.refreshChampion(late)).toBe("swapped");
  expect(await lateVersion()).toBe("v1");
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const held = ["v2", "v3", "v4"].map((version) => loadedModels.withModel(select(version), () => ended));
  await vi.waitFor(() => expect(loadedModels.status().others).toHaveLength(3), { timeout: 60_000 });
  // The other versions are all in use, and the champion needs no place among them.
  expect(await lateVersion()).toBe("v1");
  end();
  await Promise.all(held);

  await publish({ onnx: Uint8Array.of(1, 2, 3) });
  await promote("v2");
  expect(await errorOf(loadedModels.refreshChampion(late))).toBeInstanceOf(Error);
  expect(await lateVersion()).toBe("v1");
  expect(loadedModels.status(late)).toMatchObject({
    ...{ modelName: late, championVersion: "v2", served: { version: "v1" }, rejection: { version: "v2" } },
  });
  expect(loadedModels.status()).toMatchObject({ modelName, served: { version: "v1" }, rejection: null });
  expect(() => loadedModels.status("other")).toThrow('no model "other"; it has: supplier-risk, late');
  expect(await errorOf(loadedModels.refreshChampion("other"))).toMatchObject({ name: "ModelNotConfiguredError" });
});

test("who may use only aliases gets their versions by alias and by name, and no other", async () => {
  await using loadedModels = open();
  await loadedModels.refreshChampion();
  await move("challenger", "v2");
  const versionOf = (version: string) =>
    loadedModels.withModel(select(version, false), ({ identity }) => identity.version);
  expect(await Promise.all(["", "champion", "v1", "challenger", "v2"].map(versionOf))).toEqual([
    ...["v1", "v1", "v1", "v2", "v2"],
  ]);
  expect(await errorOf(versionOf("v3"))).toMatchObject({ name: "VersionNotAllowedError" });
  expect(loadedModels.status().others).toEqual([`${modelName}/v2`]);
});

test("a rejected version that was requested is listed with the failed check, and is not opened again", async () => {
  const checked: string[] = [];
  const counting = {
    prepare(...given: Parameters<typeof checker.prepare>) {
      checked.push(given[0].manifest.version);
      return checker.prepare(...given);
    },
  };
  await using loadedModels = open({ checker: counting });
  await loadedModels.refreshChampion();
  for (let i = 0; i < 3; i++)
    expect(await errorOf(loadedModels.withModel(select(broken), () => 0))).toMatchObject({
      name: "ModelRejectedError",
    });
  expect(checked).toEqual([broken]);
  expect(loadedModels.status().rejections).toMatchObject([{ version: broken, checks: expect.any(Array) }]);
  expect(loadedModels.status().rejection).toBeNull();
});

test("the champion before is released when the last call that uses it has ended", async () => {
  await using loadedModels = open();
  await loadedModels.refreshChampion();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const row = (columns: number) => new Float32Array(columns);
  const held = loadedModels.withModel(select(""), async ({ identity, predict, vectorizer }) => {
    await ended;
    // The runtime still has the model of the call.
    expect((await predict(row(vectorizer.columns), 1)).outputs).toHaveLength(1);
    return identity.version;
  });
  await move("champion", "v3");
  expect(await loadedModels.refreshChampion()).toBe("swapped");
  expect(await loadedModels.withModel(select(""), ({ identity }) => identity.version)).toBe("v3");
  end();
  expect(await held).toBe("v1");
  await move("champion", "v1");
});
