import { expect, test } from "vitest";
import { explainLine } from "./explain-line.ts";

test("codes of warnings lose the enum's prefix, everything else is unchanged", () => {
  const warning = { code: "WARNING_CODE_UNKNOWN_CATEGORY", feature: "region", message: "WARNING_CODE_" };
  const line = { base: { kind: "EXPLANATION_KIND_NONE", score: { band: "BAND_LOW", warnings: [warning] } } };
  expect(explainLine(line)).toEqual({
    base: {
      kind: "EXPLANATION_KIND_NONE",
      score: { band: "BAND_LOW", warnings: [{ ...warning, code: "UNKNOWN_CATEGORY" }] },
    },
  });
});

test.each([
  { base: { score: { band: "BAND_LOW" } } },
  { contributions: { contributions: [] } },
  { narrative: "WARNING_CODE_UNKNOWN_CATEGORY" },
  { base: { score: { warnings: [{ code: 7 }] } } },
])("%j is unchanged", (line) => {
  expect(explainLine(line)).toEqual(line);
});
