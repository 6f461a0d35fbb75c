import { expect, test } from "vitest";
import { unknownCategoryNotes, unscoredNote } from "./unscored-note.ts";

const feature = (name: string) => ({ name, kind: "numeric", categories: [] }) as const;
const MINIMUM = { least: 2, features: ["a", "b", "c", "d"].map(feature) };

test("a note says how many suppliers have no score, and which features they lack most often", () => {
  const missing = [
    { feature: "b", rows: 3 },
    { feature: "a", rows: 2 },
    { feature: "d", rows: 2 },
    { feature: "c", rows: 1 },
  ];
  expect(unscoredNote(MINIMUM, { rows: 3, missing })).toBe(
    "no score for 3 suppliers with fewer than 2 of 4 features known; most often missing: b (3), a (2), d (2)",
  );
});

test("no note when each supplier has a score", () => {
  expect(unscoredNote(MINIMUM, { rows: 0, missing: [] })).toBeNull();
});

test("unknown categories are counted by feature, and are a warning from 5 % on", () => {
  expect(unknownCategoryNotes([])).toEqual([]);
  expect(
    unknownCategoryNotes([
      { feature: "region", rows: 1, present: 400 },
      { feature: "sector", rows: 400, present: 400 },
    ]),
  ).toEqual([
    "warning: sector: 400 of 400 suppliers with a value (100 %) have a category that the model does not know; it counts as missing",
    "region: 1 of 400 suppliers with a value (0.3 %) has a category that the model does not know; it counts as missing",
  ]);
  const many = Array.from({ length: 9 }, (_, i) => ({ feature: `f${i}`, rows: 1, present: 2 }));
  expect(unknownCategoryNotes(many)).toHaveLength(4);
  expect(unknownCategoryNotes(many).at(-1)).toBe("6 more features with categories that the model does not know");
});
