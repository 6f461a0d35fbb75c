import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadModelFolders } from "./model-folders.ts";

const CONFIG = new URL("../../../../config/", import.meta.url).pathname;
const SHARED = ["feature_mapping.yaml", "alert_rules.yaml", "risk_policy.yaml"];

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "models-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Writes the folder of a model. */
async function writeModel(name: string, { named = name } = {}): Promise<string> {
  const folder = path.join(root, name);
  await mkdir(folder);
  const config = await readFile(path.join(CONFIG, "model_config.yaml"), "utf8");
  await writeFile(path.join(folder, "model_config.yaml"), config.replace(/^name: .*$/m, `name: ${named}`));
  for (const file of SHARED) await cp(path.join(CONFIG, file), path.join(folder, file));
  await writeFile(path.join(folder, "schedule.yaml"), `version: 1\ninput: ${name}/{week}.csv\n`);
  return folder;
}

/** Returns the violations as "file: found, expected". */
async function violationsOf(folder: string | null, defaultName = "supplier-risk"): Promise<readonly string[]> {
  const error = await loadModelFolders(folder, defaultName).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigError)) throw new Error("the folders were accepted");
  return error.violations.map(
    ({ file, found, expected }) => `${path.relative(root, file)}: ${found}, expected ${expected}`,
  );
}

test("each folder is a model, in the order of the names; files and hidden folders are ignored", async () => {
  await writeModel("quality");
  await writeModel("delivery");
  await writeFile(path.join(root, "README.md"), "about");
  await mkdir(path.join(root, "..data"));
  const found = await loadModelFolders(root, "supplier-risk");
  expect(found.map(({ name, model }) => [name, model.name])).toEqual([
    ["delivery", "delivery"],
    ["quality", "quality"],
  ]);
  expect(found[0]).toMatchObject({ schedule: path.join(root, "delivery/schedule.yaml") });
});

test("a folder that is a link is a model too", async () => {
  await rename(await writeModel("delivery"), path.join(root, ".delivery"));
  await symlink(".delivery", path.join(root, "delivery"));
  expect((await loadModelFolders(root, "supplier-risk")).map(({ name }) => name)).toEqual(["delivery"]);
});

test("a folder that is named must exist, and the default one need not", async () => {
  expect(await loadModelFolders(path.join(root), "supplier-risk")).toEqual([]);
  expect(await violationsOf(path.join(root, "gone"))).toEqual([
    "gone: no folder at this path, expected a folder with one folder per further model (BELLWETHER_MODELS)",
  ]);
  await writeFile(path.join(root, "file"), "");
  expect(await violationsOf(path.join(root, "file"))).toEqual([
    "file: ENOTDIR when reading, expected a folder with one folder per further model (BELLWETHER_MODELS)",
  ]);
});

test("all missing files of all folders are reported together", async () => {
  const delivery = await writeModel("delivery");
  await rm(path.join(delivery, "alert_rules.yaml"));
  await rm(path.join(delivery, "schedule.yaml"));
  const quality = await writeModel("quality");
  await rm(path.join(quality, "risk_policy.yaml"));
  await mkdir(path.join(quality, "risk_policy.yaml"));
  expect(await violationsOf(root)).toEqual([
    "delivery/alert_rules.yaml: no file at this path, expected the alert_rules.yaml of the model delivery",
    "delivery/schedule.yaml: no file at this path, expected the schedule.yaml of the model delivery",
    "quality/risk_policy.yaml: no file at this path, expected the risk_policy.yaml of the model quality",
  ]);
});

test("two models cannot have one name, and a folder has the name of its model", async () => {
  await writeModel("delivery", { named: "quality" });
  await writeModel("quality");
  await writeModel("supplier-risk");
  await mkdir(path.join(root, "Delivery"));
  expect(await violationsOf(root)).toEqual([
    'Delivery: the folder name "Delivery", expected a model name: lower-case letters a-z, digits and -, not starting with -, at most 64',
    'delivery/model_config.yaml: "quality", expected delivery, the name of its folder',
    'supplier-risk/model_config.yaml: "supplier-risk", expected a name of its own: the default model (BELLWETHER_MODEL_CONFIG) has it',
  ]);
});

test("a model configuration that is invalid is reported with its line", async () => {
  const folder = await writeModel("delivery");
  await writeFile(path.join(folder, "model_config.yaml"), "version: 2\n");
  expect((await violationsOf(root))[0]).toContain("delivery/model_config.yaml");
});

test("there are at most eight further models", async () => {
  for (let i = 1; i <= 9; i++) await writeModel(`m${i}`);
  expect(await violationsOf(root)).toEqual([": 9 folders, expected at most 8 further models"]);
});
