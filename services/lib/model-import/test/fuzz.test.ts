import { foreignModels } from "@bellwether/testing/foreign-models";
import { runOnnx } from "@bellwether/testing/run-onnx";
import fc from "fast-check";
import { expect, test } from "vitest";
import { importModel } from "../src/import-model.ts";

const SEED = 20_240_607;
const RUNS = 150;

/** Small files of every format: in a large file most changes would hit a number and not the structure. */
const files = foreignModels().filter((file) =>
  [
    "catboost-classifier.onnx",
    "lightgbm-categories.txt",
    "lightgbm-split.onnx",
    "lightgbm-zero.txt",
    "sklearn-imputed.onnx",
    "sklearn-one-hot.onnx",
    "xgboost-classifier.model",
    "xgboost-categories.model",
    "xgboost-classifier.onnx",
  ].includes(file.name),
);

/** Changes a few bytes, removes a piece or repeats a piece. */
function mutations(size: number): fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> {
  const place = fc.nat(size - 1);
  const changed = fc
    .array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => (bytes: Uint8Array) => {
      const copy = bytes.slice();
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });
  const piece = fc.tuple(place, fc.integer({ min: 1, max: 40 }));
  const cut = piece.map(
    ([at, length]) =>
      (bytes: Uint8Array) =>
        Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]),
  );
  const doubled = piece.map(
    ([at, length]) =>
      (bytes: Uint8Array) =>
        Uint8Array.from([...bytes.subarray(0, at + length), ...bytes.subarray(at)]),
  );
  return fc.oneof({ weight: 4, arbitrary: changed }, cut, doubled);
}

test.each(files.map((file) => [file.name, file] as const))(
  "a damaged %s is rejected with a reason, or imported in agreement with the runtime",
  async (_, file) => {
    await fc.assert(
      fc.asyncProperty(mutations(file.bytes.length), async (mutate) => {
        const task = { bytes: mutate(file.bytes), modelName: "fuzzed", background: null, riskClass: null, runOnnx };
        const started = performance.now();
        const outcome = await importModel(task);
        expect(performance.now() - started).toBeLessThan(5_000);
        if (outcome.status === "imported") expect(outcome.agreement.maxRelativeDifference).toBeLessThan(1e-5);
        else expect(outcome.reason).not.toBe("");
      }),
      { seed: SEED, numRuns: RUNS },
    );
  },
);
