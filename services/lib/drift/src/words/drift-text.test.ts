import { expect, test } from "vitest";
import type { DriftComparison } from "../compare/compare-week.ts";
import { driftText } from "./drift-text.ts";

const text = (comparison: Partial<DriftComparison>, namesCategories = true): string =>
  driftText(
    {
      ...{ feature: "delay_days", kind: "numeric", aspect: "values", reference: "training", outcome: "none" },
      ...{ referenceRows: 100, presentRows: 100, effect: 0, noise: 0, shift: 0, psi: 0, psiNoise: 0, p: 1 },
      ...{ referenceValue: 0, presentValue: 0, category: null, bins: [], ...comparison },
    },
    { previousWeek: "2026-W46", namesCategories },
  );

test("says direction, size, reference and alarm", () => {
  expect(text({ effect: 0.211, shift: 0.209, outcome: "alarm" })).toBe(
    "delay_days rose by 0.21 σ since training (alarm)",
  );
  expect(text({ effect: 0.211, shift: -0.2, reference: "previous-week" })).toBe(
    "delay_days fell by 0.20 σ since 2026-W46",
  );
  expect(text({ effect: 0.3, shift: 0.01 })).toBe(
    "the distribution of delay_days changed by 0.30 σ without a common direction since training",
  );
  expect(text({})).toBe("delay_days has not changed since training");
  expect(text({ kind: "score", effect: 1_234, shift: 1_234, outcome: "too-few" })).toBe(
    "the risk score rose by more than 100 σ since training (too few rows to test)",
  );
  expect(text({ effect: 34.4, shift: -34.4 })).toBe("delay_days fell by 34 σ since training");
});

test("says shares of missing values and categories; a category is named only when it may be", () => {
  const missing = { aspect: "missing", effect: 0.07, shift: 0.07, referenceValue: 0.0004, presentValue: 0.07 } as const;
  expect(text(missing)).toBe(
    "the share of missing values of delay_days rose from less than 0.1 % to 7 % since training",
  );
  const grown = { kind: "category", feature: "region", category: "EU", effect: 0.2, shift: 0.2 } as const;
  const shares = { referenceValue: 0.2, presentValue: 0.4, outcome: "moving" } as const;
  expect(text({ ...grown, ...shares })).toBe(
    'region: "EU" rose from 20 % to 40 % since training (moves by construction)',
  );
  expect(text({ ...grown, ...shares }, false)).toContain("region: a category rose from");
  expect(text({ ...grown, ...shares, category: "" })).toContain("region: rare categories rose");
});
