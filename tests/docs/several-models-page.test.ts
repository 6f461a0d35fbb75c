import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadAlertRules } from "@bellwether/config/alert-rules";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { loadModelFolders } from "@bellwether/config/model-folders";
import { loadModelSchedule } from "@bellwether/config/model-schedule";
import { loadRiskPolicy } from "@bellwether/config/risk-policy";
import { expect, test } from "vitest";
import { ROOT } from "./blocks.ts";

const page = await readFile(path.join(ROOT, "docs/several-models.md"), "utf8");
/** The files of the example of an imported model: each begins with its name. */
const files = [...page.matchAll(/```yaml\n# ([a-z_]+\.yaml)\n([\s\S]*?)```/g)].map(([, name = "", text = ""]) => ({
  name,
  text,
}));

/** Writes the folder of the example. @param leftOut a key of model_config.yaml that is not written */
async function writeExample(leftOut = "none") {
  const root = await mkdtemp(path.join(tmpdir(), "bellwether-page-"));
  const folder = path.join(root, "insolvency");
  await mkdir(folder);
  await cp(path.join(ROOT, "config/alert_rules.yaml"), path.join(folder, "alert_rules.yaml"));
  for (const { name, text } of files)
    await writeFile(path.join(folder, name), text.replace(new RegExp(`^${leftOut}: .*\n`, "m"), ""));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

test("the files of the example folder are those of the page, and its rules are read", async () => {
  const folder = path.join(ROOT, "config/examples/models/insolvency");
  for (const { name, text } of files)
    expect([name, await readFile(path.join(folder, name), "utf8")]).toEqual([name, text]);
  const [found] = await loadModelFolders(path.dirname(folder), "supplier-risk");
  if (!found) throw new Error("the example has no model");
  expect((await loadAlertRules(found.alertRules)).scoreThreshold.id).toBe("insolvency-score");
});

test("the files of an imported model are read as they are on the page", async () => {
  await using example = await writeExample();
  const [found] = await loadModelFolders(example.root, "supplier-risk");
  if (!found) throw new Error("the example has no model");
  expect(found.name).toBe("insolvency");
  const { model } = await loadConfigPair(found.modelConfig, found.featureMapping);
  expect(model.features.map(({ name }) => name)).toEqual(["equity_ratio", "overdue_days"]);
  expect((await loadRiskPolicy(found.riskPolicy)).retrain.isAutomatic).toBe(false);
  expect((await loadModelSchedule(found.schedule)).input).toBe("insolvency/{week}.csv");
});

test.each(["bands", "minimum_present", "trainer", "split", "seed"])(
  "without %s, the model is rejected",
  async (key) => {
    await using example = await writeExample(key);
    await expect(loadModelFolders(example.root, "supplier-risk")).rejects.toThrow(key);
  },
);
