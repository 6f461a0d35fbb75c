import { mkdtemp, rm, utimes } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { createBatchPool } from "@bellwether/scoring/batch/batch-pool";
import { DEMO_SPEC, publishDemoModel, trainDemoModel } from "@bellwether/testing/demo-model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLoadedModels } from "./loaded-models.ts";

const modelName = DEMO_SPEC.name;
const unchecked = async () => {};
let root = "";
const pool = createBatchPool({ workers: 1, maxRows: 1_000, maxBytes: 2 ** 20 });

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "loaded-models-"));
  await publishDemoModel(root);
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a rejected version is opened again only when its files change; the old version is served until then", async () => {
  await using loadedModels = createLoadedModels(root, modelName, pool, () => new Date(5_000));
  await loadedModels.refreshChampion();
  expect(loadedModels.status()).toMatchObject({ championVersion: "v1", served: { version: "v1" }, rejection: null });

  const trained = await trainDemoModel(8);
  const publication = { ...trained, onnx: Uint8Array.of(1, 2, 3), modelName, origin: "trained" as const };
  const now = new Date();
  const { version } = await publishVersion(root, { ...publication, configHash: "", evaluation: null, now }, unchecked);
  const move = { modelName, alias: "champion" as const, setBy: "test", reason: "try", now };
  await setAlias(root, { ...move, version }, unchecked);

  const first = await errorOf(loadedModels.refreshChampion());
  expect(first).toBeInstanceOf(Error);
  expect(await errorOf(loadedModels.refreshChampion())).toBe(first);
  const status = loadedModels.status();
  expect(status).toMatchObject({ championVersion: version, served: { version: "v1" } });
  expect(status.rejection).toEqual({ version, reason: (first as Error).message, at: new Date(5_000) });

  await utimes(path.join(root, modelName, version, "model.onnx"), new Date(), new Date(0));
  const second = await errorOf(loadedModels.refreshChampion());
  expect(second).toBeInstanceOf(Error);
  expect(second).not.toBe(first);

  await setAlias(root, { ...move, version: "v1" }, unchecked);
  expect(await loadedModels.refreshChampion()).toBe("unchanged");
  expect(loadedModels.status().rejection).toBeNull();
});
