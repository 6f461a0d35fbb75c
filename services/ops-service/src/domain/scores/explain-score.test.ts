import fc from "fast-check";
import { expect, test } from "vitest";
import { alertReasons, explainScore, type RunFeature } from "./explain-score.ts";

const number = (name: string, typical: number, direction: RunFeature["direction"]): RunFeature => ({
  ...{ name, kind: "numeric", unit: "days", typical, direction, categories: [] },
});
const FEATURES: readonly RunFeature[] = [
  number("delay", 0.3, "raises"),
  number("quality", 80, "lowers"),
  { name: "region", kind: "category", unit: "", typical: null, direction: "unknown", categories: ["EU", "US"] },
  { name: "contract_text", kind: "text", unit: "", typical: null, direction: "unknown", categories: [] },
];
const COLUMNS = ["delay", "quality", "region=EU", "region=US", "contract_text:penalty", "contract_text:late"];
const stored = (phi: number[], values: number[] | null) => ({
  ...{ columnNames: COLUMNS, features: FEATURES, phi: Float32Array.from(phi) },
  values: values && Float32Array.from(values),
  previous: null,
});

test("values are returned as they were written, the columns of a category as one contribution, the words as one reason", () => {
  const { contributions, reasons, completeness } = explainScore(
    stored([0.5, -0.25, 0.5, 0.25, 0.125, 0.25], [0.7, 90, 1, 1]),
  );
  expect(contributions.slice(0, 2)).toMatchObject([
    { feature: "region", category: "US", typicalCategory: "EU", contribution: 0.75 },
    { feature: "delay", value: 0.7, unit: "days", typical: 0.3, contribution: 0.5 },
  ]);
  expect(reasons.map(({ feature }) => feature)).toEqual(["region", "delay", "contract_text", "quality"]);
  expect(completeness).toEqual({ missing: [], present: 4, total: 4 });
});

test("a value that equals the typical value as float32 contradicts no direction; a value on the safer side that increases the risk is not a reason", () => {
  const of = (values: number[]) => explainScore(stored([0.5, 0.4, 0, 0, 0, 0], values)).reasons;
  expect(of([0.3, 70, 0, 1]).map(({ feature }) => feature)).toEqual(["delay", "quality"]);
  expect(of([0.2, 97, 0, 1])).toEqual([]);
});

test("missing features are named", () => {
  const { NaN: none } = Number;
  const { completeness, contributions } = explainScore(stored([1, 0.5, 0, 0, 0, 0], [none, 80, none, none]));
  expect(completeness).toEqual({ missing: ["delay", "region", "contract_text"], present: 1, total: 4 });
  expect(contributions[0]).toMatchObject({ feature: "delay", value: null, typical: 0.3 });
});

test("without recorded values, no value is returned and no feature counts as missing", () => {
  const phi = [0.5, 0.4, 0, 0, 0.1, 0];
  for (const old of [{ ...stored(phi, null), features: null }, stored(phi, null)]) {
    const { reasons, completeness } = explainScore(old);
    expect(completeness).toBeNull();
    expect(reasons).toMatchObject([
      { feature: "delay", value: null, typical: null, unit: "" },
      { feature: "quality", value: null, typical: null },
      { feature: "contract_text" },
    ]);
  }
});

test("contributions and reasons have those of the previous score, by the names of the features", () => {
  const before = stored([0.25, -0.5, 0.5, 0, 0.125, 0.125], [0.5, 80, 0, 1]);
  const previous = { ...before, columnNames: [...COLUMNS].reverse(), phi: before.phi.toReversed() };
  const { contributions, reasons } = explainScore({
    ...stored([0.5, -0.25, 0.5, 0.25, 0.125, 0.25], [0.7, 90, 1, 1]),
    previous: { ...previous, isoWeek: "2026-W01", modelVersion: "v1" },
  });
  const of = (name: string) => contributions.find(({ feature }) => feature === name)?.previous;
  expect(of("delay")).toEqual({ contribution: 0.25, value: 0.5, category: "" });
  expect(of("region")).toEqual({ contribution: 0.5, value: null, category: "EU" });
  const text = reasons.find(({ feature }) => feature === "contract_text");
  expect(text?.previous).toEqual({ contribution: 0.25, value: null, category: "" });
  const gone = {
    ...stored([0.5, 0, 0, 0, 0, 0], [0.7, 90, 1, 1]),
    previous: { ...previous, columnNames: ["other"], isoWeek: "", modelVersion: "" },
  };
  expect(explainScore(gone).contributions[0]?.previous).toBeNull();
});

test("an alert gets the two largest reasons that increase its score", () => {
  const reasons = alertReasons(explainScore(stored([0.5, -0.9, 0.2, 0, 0.3, 0], [0.7, 90, 0, 1])));
  expect(reasons.map(({ feature }) => feature)).toEqual(["delay", "contract_text"]);
});

test("the value of a float32 is the number with the fewest digits that rounds to it", () => {
  const fewest = (value: number): number | undefined =>
    [6, 7, 8, 9].map((digits) => Number(value.toPrecision(digits))).find((short) => Math.fround(short) === value);
  const decimals = fc.tuple(
    fc.integer({ min: -2_000_000, max: 2_000_000 }),
    fc.constantFrom(1, 10, 100, 1e3, 1e4, 1e5),
  );
  const written = decimals.map(([number, divisor]) => Math.fround(number / divisor));
  const any = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.oneof(any, written), (value) => {
      const { contributions } = explainScore(stored([1, 0.5, 0, 0, 0, 0], [value, 1, 0, 0]));
      expect(contributions[0]?.value).toBe(fewest(value));
    }),
    { numRuns: 3_000, seed: 5 },
  );
});
