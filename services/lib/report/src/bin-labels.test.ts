import { expect, test } from "vitest";
import { binLabels } from "./bin-labels.ts";

test("limits have as few digits as keep them apart", () => {
  const limits = [1234.5678901, 1250.0001, 12345.6, 98765.4321];
  expect(
    binLabels([
      { upper: limits[0] ?? 0 },
      ...[0, 1, 2].map((i) => ({ lower: limits[i] ?? 0, upper: limits[i + 1] ?? 0 })),
      { lower: limits[3] ?? 0 },
    ]),
  ).toEqual(["up to 1,230", "1,230 to 1,250", "1,250 to 12,300", "12,300 to 98,800", "above 98,800"]);
  expect(binLabels([{ lower: 0.1 + 0.2, upper: 1 / 3 }])).toEqual(["0.3 to 0.333"]);
  expect(binLabels([{ lower: 1_000_000.1, upper: 1_000_000.2 }])).toEqual(["1,000,000.1 to 1,000,000.2"]);
  expect(
    binLabels([
      { lower: -0.5, upper: 0 },
      { lower: 0, upper: 0 },
    ]),
  ).toEqual(["−0.5 to 0", "exactly 0"]);
});

test("very large and very small limits have a power of ten, and none has an e", () => {
  expect(binLabels([{ lower: 1.2e-9, upper: 3.4e25 }])).toEqual(["1.2 × 10⁻⁹ to 3.4 × 10²⁵"]);
});

test("categories are named, and a bin without limits has all values", () => {
  expect(binLabels([{ category: "EU" }, { category: "" }, {}])).toEqual(["EU", "other categories", "all values"]);
});
