import { expect, test } from "vitest";
import {
  createComparison,
  findModelDifferences,
  float32Bits,
  float64Bits,
  float64FromBits,
  type ModelRecord,
} from "./replay-comparison.ts";

const BY = { recordedBy: null, replayedBy: null };

test("numbers are compared by their bits: 0 and -0 differ, NaN and NaN do not, and no rounding hides a difference", () => {
  const comparison = createComparison();
  comparison.begin("a");
  comparison.float64("same", 0.1 + 0.2, 0.30000000000000004);
  comparison.float64("nan", Number.NaN, Number.NaN);
  comparison.float64("none", null, null);
  expect(comparison.finish(BY)).toMatchObject({ outcome: "equal", numbers: 3, numbersDifferent: 0, decisions: 1 });
  comparison.float64("last bit", 0.3, 0.1 + 0.2);
  comparison.float64("zero", 0, -0);
  comparison.float32("zero", -0, 0);
  comparison.float64("gone", 0.5, null);
  const { outcome, differences, numbersDifferent, decisionsDifferent } = comparison.finish(BY);
  expect({ outcome, numbersDifferent, decisionsDifferent }).toEqual({
    ...{ outcome: "different", numbersDifferent: 4, decisionsDifferent: 1 },
  });
  expect(differences).toEqual([
    { supplierId: "a", field: "last bit", recorded: "3fd3333333333333", replayed: "3fd3333333333334" },
    { supplierId: "a", field: "zero", recorded: "0000000000000000", replayed: "8000000000000000" },
    { supplierId: "a", field: "zero", recorded: "80000000", replayed: "00000000" },
    { supplierId: "a", field: "gone", recorded: "3fe0000000000000", replayed: "" },
  ]);
});

test("bits are 16 or 8 hex digits, and the number of 16 digits is exact", () => {
  expect([float32Bits(1), float64Bits(1), float64Bits(-2)]).toEqual([
    "3f800000",
    "3ff0000000000000",
    "c000000000000000",
  ]);
  for (const value of [0, -0, 1 / 3, Number.MIN_VALUE, Number.MAX_VALUE])
    expect(float64FromBits(float64Bits(value))).toBe(value);
});

test("at most 20 differences and findings are listed, and all are counted", () => {
  const comparison = createComparison();
  for (let i = 0; i < 30; i++) {
    comparison.begin(`S_${i}`);
    comparison.text("band", "low", "high");
    comparison.find("runtime_differs", `finding ${i}`);
  }
  const { differences, findings, numbersDifferent, decisionsDifferent } = comparison.finish(BY);
  expect([differences.length, findings.length, numbersDifferent, decisionsDifferent]).toEqual([20, 20, 30, 30]);
});

test("what is about all decisions together counts as a number, not as a decision", () => {
  const comparison = createComparison();
  comparison.begin("a");
  comparison.float64("risk_score", 1, 1);
  comparison.whole();
  comparison.text("contributions", "x", "y");
  expect(comparison.finish(BY)).toMatchObject({ outcome: "different", decisions: 1, decisionsDifferent: 0 });
});

const MODEL: ModelRecord = {
  ...{ name: "m", version: "v1", modelDigest: "a".repeat(64), bundleDigest: "b".repeat(64) },
  ...{ configHash: "c".repeat(64), runtime: "onnxruntime 1", kernel: "quadrature/1" },
};
const findingsOf = (now: Partial<ModelRecord>, recorded: Partial<ModelRecord> = {}) => {
  const comparison = createComparison();
  const { isSameModel } = findModelDifferences({ ...MODEL, ...recorded }, { ...MODEL, ...now }, comparison);
  const { findings, outcome } = comparison.finish(BY);
  return {
    isSameModel,
    outcome,
    codes: findings.map(({ code }) => code),
    messages: findings.map(({ message }) => message),
  };
};

test("other files are another model; another configuration, runtime or kernel is named, and the bits still count", () => {
  expect(findingsOf({})).toEqual({ isSameModel: true, outcome: "equal", codes: [], messages: [] });
  const other = findingsOf({ modelDigest: "d".repeat(64), runtime: "onnxruntime 2" });
  expect(other).toMatchObject({ isSameModel: false, outcome: "not_replayable", codes: ["model_differs"] });
  expect(other.messages[0]).toBe(
    "The registry has other files under m v1: model.onnx dddddddddddd… instead of aaaaaaaaaaaa….",
  );
  expect(findingsOf({ configHash: "e", runtime: "onnxruntime 2", kernel: "k" })).toMatchObject({
    isSameModel: true,
    outcome: "equal",
    codes: ["configuration_differs", "runtime_differs", "kernel_differs"],
  });
  // What was not recorded is not compared.
  expect(findingsOf({}, { configHash: "", runtime: "", kernel: "" }).codes).toEqual([]);
});
