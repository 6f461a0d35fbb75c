import type { DriftComparison } from "@bellwether/drift/compare/compare-week";
import { DriftAspect, DriftKind, DriftOutcome, DriftReference } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { expect, test } from "vitest";
import { driftToProto } from "./drift-to-proto.ts";

const bin = { from: Number.NEGATIVE_INFINITY, to: 3, category: null, referenceShare: 0.5, presentShare: 0.4 };
const comparison = (feature: string, fields: Partial<DriftComparison> = {}): DriftComparison => ({
  ...{ feature, kind: "numeric", aspect: "values", reference: "previous-week", outcome: "alarm" },
  ...{ referenceRows: 100, presentRows: 90, effect: 0.3, noise: 0.1, shift: 0.3, psi: 0.2, psiNoise: 0.1, p: 0.001 },
  ...{ referenceValue: 1, presentValue: 2, category: null, bins: [bin], ...fields },
});

test("comparisons of a feature are together, and its index is that of the previous week", () => {
  const missing = comparison("delay", {
    aspect: "missing",
    psi: null,
    psiNoise: null,
    p: null,
    bins: [],
    outcome: "none",
  });
  const trained = comparison("delay", { reference: "training", psi: 0.9 });
  const comparisons = [comparison("delay"), comparison("risk_score", { kind: "score" }), missing, trained];
  const [delay, score] = driftToProto({ comparisons, previousWeek: "2026-W46" });
  expect(delay).toMatchObject({ feature: "delay", kind: DriftKind.NUMERIC, psi: 0.2 });
  expect(score).toMatchObject({ feature: "risk_score", kind: DriftKind.SCORE });
  expect(delay?.comparisons).toMatchObject([
    { reference: DriftReference.PREVIOUS_WEEK, referenceWeek: "2026-W46", aspect: DriftAspect.VALUES, pValue: 0.001 },
    { aspect: DriftAspect.MISSING, outcome: DriftOutcome.NO_ALARM },
    { reference: DriftReference.TRAINING, referenceWeek: "" },
  ]);
  expect(delay?.comparisons[0]?.bins).toEqual([{ upper: 3, referenceShare: 0.5, presentShare: 0.4 }]);
  expect(delay?.comparisons[1]).not.toHaveProperty("pValue");
});

test("only 64 comparisons have bins, and long categories are cut to 256 bytes", () => {
  const many = Array.from({ length: 70 }, (_, i) => comparison(`f${i}`));
  const sent = driftToProto({ comparisons: many, previousWeek: "" }).flatMap(({ comparisons }) => comparisons);
  expect(sent.filter(({ bins }) => bins && bins.length > 0)).toHaveLength(64);
  const long = comparison("region", { kind: "category", category: "é".repeat(300), bins: [] });
  const [region] = driftToProto({ comparisons: [long], previousWeek: "" });
  expect(Buffer.byteLength(region?.comparisons[0]?.category ?? "")).toBe(256);
});
