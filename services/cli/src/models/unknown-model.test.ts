import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { unknownModelText } from "./unknown-model.ts";

async function folder(): Promise<string> {
  const cwd = await mkdtemp(path.join(os.tmpdir(), "bellwether-registry-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  return cwd;
}

test("an unknown model is reported with the place of the registry and its models", async () => {
  const cwd = await folder();
  await mkdir(path.join(cwd, "models", "lieferanten"), { recursive: true });
  expect(await unknownModelText({ env: {}, cwd }, "supplier-risk")).toBe(
    `no model "supplier-risk" in the registry ${path.join(cwd, "models")} (MODEL_REGISTRY_URL); its models are lieferanten: name one with --model, or with BELLWETHER_MODEL; or publish a model with: bellwether train --publish`,
  );
});

test("a registry without models, for example a misspelt folder, is named", async () => {
  const cwd = await folder();
  const text = await unknownModelText({ env: { MODEL_REGISTRY_URL: "file:modles" }, cwd }, "supplier-risk");
  expect(text).toContain(`the registry ${path.join(cwd, "modles")} (MODEL_REGISTRY_URL) has no models`);
});
