import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { loadAlertRules } from "./alert-rules.ts";
import { nameVariable } from "./name-variable.ts";

test("the error of a file that does not exist names its variable; other errors stay as they are", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-config-"));
  try {
    const file = path.join(folder, "rules.yaml");
    const load = () => nameVariable(loadAlertRules(file), { [file]: "BELLWETHER_ALERT_RULES" });
    await expect(load()).rejects.toThrow(
      `${file}:1:1 found no file at this path, expected a readable YAML file; BELLWETHER_ALERT_RULES names another file`,
    );
    await writeFile(file, "version: 9\n");
    await expect(load()).rejects.toThrow("rules.yaml:1:");
    await expect(load()).rejects.not.toThrow("BELLWETHER_ALERT_RULES");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const other = new Error("other");
  await expect(nameVariable(Promise.reject(other), {})).rejects.toBe(other);
});
