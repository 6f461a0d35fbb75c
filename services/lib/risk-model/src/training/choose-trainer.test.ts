import type { ModelSpec } from "@bellwether/config/model-spec";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { DEMO_SPEC, DEMO_TABLE } from "@bellwether/testing/demo-model";
import { expect, test } from "vitest";
import { chooseTrainer, gridLines, trainersOf } from "./choose-trainer.ts";
import { trainRiskModel } from "./train-risk-model.ts";

const boosting = DEMO_SPEC.trainer as Extract<ModelSpec["trainer"], { kind: "gradient_boosting" }>;
const specWith = (grid: typeof boosting.grid): ModelSpec => ({
  ...DEMO_SPEC,
  trainer: { ...boosting, trees: 8, ...(grid && { grid }) },
});
const configHash = "c".repeat(64);
/** The demo's suppliers, one a day. */
const dated = {
  ...DEMO_TABLE,
  labels: DEMO_TABLE.labels ?? new Uint8Array(),
  asOfDays: Int32Array.from({ length: DEMO_TABLE.rows }, (_, i) => i),
};
const rows = Uint32Array.from(dated.labels.keys());

test("a trainer has one choice per combination, in the order of the lists, and one without a grid", () => {
  expect(trainersOf(specWith(undefined).trainer)).toHaveLength(1);
  const choices = trainersOf(specWith({ maxDepth: [2, 3], l2: [1, 5, 9] }).trainer);
  expect(choices.map(({ settings }) => [settings.maxDepth, settings.l2])).toEqual([
    [2, 1],
    [2, 5],
    [2, 9],
    [3, 1],
    [3, 5],
    [3, 9],
  ]);
  expect(choices[5]?.trainer).toEqual({ ...boosting, trees: 8, maxDepth: 3, l2: 9 });
});

test("the choice with the smallest log loss on later rows is chosen, whatever its place", async () => {
  for (const learningRate of [
    [1e-9, 0.2],
    [0.2, 1e-9],
  ]) {
    const task = { table: dated, spec: specWith({ learningRate }), configHash, runOnnx };
    const found = await chooseTrainer(task, rows);
    expect(found?.trainer).toMatchObject({ learningRate: 0.2 });
    expect(found?.trainer.grid).toBeUndefined();
    expect(found?.search).toMatchObject({ folds: "forward in time", chosen: learningRate.indexOf(0.2) });
    // The first of five blocks is only trained on.
    expect(found?.search.rows).toBe(1_200);
    expect(gridLines(found?.search ?? { folds: "by supplier", rows: 0, choices: [], chosen: 0 })[0]).toContain(
      "learningRate 0.2",
    );
  }
});

test("without time, the folds are by supplier; without a grid, nothing is chosen; without both classes, it fails", async () => {
  const task = { table: { ...dated, asOfDays: null }, spec: specWith({ maxDepth: [1, 2] }), configHash, runOnnx };
  expect((await chooseTrainer(task, rows))?.search.folds).toBe("by supplier");
  expect(await chooseTrainer({ ...task, spec: specWith(undefined) }, rows)).toBeNull();
  const table = { ...dated, labels: new Uint8Array(dated.rows) };
  await expect(chooseTrainer({ ...task, table }, rows)).rejects.toMatchObject({ name: "OneClassError" });
});

test("the model is that of the chosen combination, byte for byte, and the card lists the others", async () => {
  const train = (spec: ModelSpec) => trainRiskModel({ table: DEMO_TABLE, spec, configHash, runOnnx });
  const chosen = await train(specWith({ maxDepth: [1, 4] }));
  const depth = [1, 4][chosen.grid?.chosen ?? -1] ?? 0;
  const plain = await train({ ...specWith(undefined), trainer: { ...boosting, trees: 8, maxDepth: depth } });
  expect(plain.grid).toBeNull();
  expect(Buffer.from(chosen.onnx).equals(plain.onnx)).toBe(true);
  expect(chosen.bundleJson).toBe(plain.bundleJson);
  expect(chosen.modelCard).toMatch(/- Trainer chosen of 2 by log loss on \d+ rows held out by supplier: maxDepth/);
  expect(chosen.modelCard).toContain("  - not chosen: maxDepth");
});
