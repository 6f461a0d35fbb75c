import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readVersion } from "@bellwether/registry/read-version";
import { ModelRefusedError } from "@bellwether/risk-model/import/model-refused-error";
import { openScoringModel } from "@bellwether/scoring/scoring-model";
import { type ForeignModel, foreignModels } from "@bellwether/testing/foreign-models";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { UsageError } from "../usage-error.ts";
import { importCommand } from "./import.ts";

let folder = "";
const files = new Map<string, ForeignModel>(foreignModels().map((file) => [file.name, file]));
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "import-"));
  for (const { name, bytes } of files.values()) await writeFile(at(name), bytes);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command and gives the line of JSON it printed, also when it failed. */
async function run(...args: readonly string[]): Promise<{ json: Record<string, unknown>; error: unknown }> {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  const context = { env: { MODEL_REGISTRY_URL: `file:${at("models")}` }, cwd: folder };
  const error: unknown = await importCommand(context)
    .parseAsync([...args, "--json"], { from: "user" })
    .then(() => null)
    .catch((reason: unknown) => reason);
  write.mockRestore();
  expect(lines.length).toBeLessThan(2);
  return { json: JSON.parse(lines[0] ?? "{}") as Record<string, unknown>, error };
}

test("imports, publishes the first version as champion and the next as challenger, and serves the trainer's answers", async () => {
  const name = "xgboost-classifier.model";
  const { json, error } = await run(name, "--name", "foreign");
  expect(error).toBeNull();
  expect(json).toMatchObject({
    status: "imported",
    reason: "",
    explanation: "path-dependent",
    agreement: { rows: expect.any(Number), max_relative_difference: expect.any(Number) },
    model: "foreign",
    version: "v1",
    alias: "champion",
    output_space: "margin",
    risk_class: "1",
  });
  expect((await run(name, "--name", "foreign")).json).toMatchObject({ version: "v2", alias: "challenger" });
  const model = await openScoringModel(await readVersion(at("models"), "foreign", "v1"));
  const { rows, predictions } = files.get(name) ?? { rows: null, predictions: [] };
  for (const [row, values] of (rows ?? []).entries()) {
    const [margin = Number.NaN] = await model.predict(values, 1);
    expect(1 / (1 + Math.exp(-margin))).toBeCloseTo(predictions[row]?.at(-1) ?? Number.NaN, 5);
  }
  await model.release();
});

test("names a model after its file", async () => {
  expect((await run("lightgbm-zero.txt")).json).toMatchObject({ model: "lightgbm-zero", version: "v1" });
});

test("a model of several classes serves the probability of one", async () => {
  const { json } = await run("catboost-3.onnx", "--risk-class", "1");
  expect(json).toMatchObject({
    status: "imported",
    classes: ["0", "1", "2"],
    risk_class: "1",
    output_space: "probability",
  });
  const model = await openScoringModel(await readVersion(at("models"), "catboost-3", "v1"));
  const { rows, predictions } = files.get("catboost-3.onnx") ?? { rows: null, predictions: [] };
  for (const [row, values] of (rows ?? []).entries()) {
    const [probability = Number.NaN] = await model.predict(values, 1);
    expect(probability).toBeCloseTo(predictions[row]?.[1] ?? Number.NaN, 5);
  }
  await model.release();
});

test("a refused file gives its reason as JSON and as an error, and publishes nothing", async () => {
  await symlink(at("sklearn-forest.onnx"), at("link.onnx"));
  for (const [name, reason] of [
    ["catboost.cbm", /own binary format/],
    ["link.onnx", /symbolic link/],
    ["nothing.onnx", /no such file/],
  ] as const) {
    const { json, error } = await run(name, "--name", "refused");
    expect(json).toMatchObject({
      status: "refused",
      reason: expect.stringMatching(reason),
      explanation: "none",
      agreement: null,
    });
    expect(error).toBeInstanceOf(ModelRefusedError);
    expect(error).toMatchObject({ message: expect.stringMatching(reason) });
  }
  await expect(readVersion(at("models"), "refused", "v1")).rejects.toThrow();
});

test("background rows that do not fit are wrong use", async () => {
  await writeFile(at("rows.csv"), "a,b\n1,2\n");
  const { json, error } = await run("sklearn-one-hot.onnx", "--background", "rows.csv");
  expect(json).toEqual({});
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({
    message: expect.stringMatching(/--background: .* lacks columns spend, delay, region/),
  });
});
