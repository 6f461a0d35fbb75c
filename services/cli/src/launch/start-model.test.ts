import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { chooseModel, noWeeklyRunText } from "./start-model.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../../..");
const SCMS = path.join(REPOSITORY, "config/examples/scms/model_config.yaml");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-start-model-"));
  await mkdir(path.join(folder, "models/published/v1"), { recursive: true });
  await writeFile(path.join(folder, "models/published/v1/manifest.json"), "{}");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const choose = (env: Record<string, string>) =>
  chooseModel({ env: { MODEL_REGISTRY_URL: `file:${folder}/models`, ...env }, cwd: REPOSITORY }, REPOSITORY);

test("without a model of one's own, the demo model is trained", async () => {
  const demo = { name: "supplier-risk", weekly: "supplier-risk", isDemo: true, isPublished: false };
  expect(await choose({})).toEqual(demo);
  expect(
    await choose({ BELLWETHER_MODEL: "supplier-risk", BELLWETHER_MODEL_CONFIG: "config/model_config.yaml" }),
  ).toEqual(demo);
});

test("a model of one's own that is not published is a sentence with the way out, and no demo", async () => {
  const named = choose({ BELLWETHER_MODEL: "my-risk" });
  await expect(named).rejects.toThrow(UsageError);
  await expect(named).rejects.toThrow(
    /has no version of the model my-risk \(BELLWETHER_MODEL\): it has published\. Publish one first \(npx bellwether train --config config\/model_config\.yaml/,
  );
  const configured = choose({ BELLWETHER_MODEL_CONFIG: SCMS });
  await expect(configured).rejects.toThrow("has no version of the model scms-late-delivery");
  const empty = choose({ BELLWETHER_MODEL: "my-risk", MODEL_REGISTRY_URL: `file:${folder}/none` });
  await expect(empty).rejects.toThrow(": it is empty. Publish one first");
});

test("a published model is used, and a configuration of another model is said", async () => {
  const model = await choose({ BELLWETHER_MODEL: "published" });
  expect(model).toEqual({ name: "published", weekly: "supplier-risk", isDemo: false, isPublished: true });
  expect(noWeeklyRunText(model, "config/model_config.yaml")).toContain(
    "is that of the model supplier-risk, and BELLWETHER_MODEL is published; set BELLWETHER_MODEL_CONFIG",
  );
  expect(noWeeklyRunText({ ...model, weekly: "published" }, "x")).toBe("");
});
