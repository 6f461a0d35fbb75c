import { expect, test } from "vitest";
import { unscoredNote } from "./unscored-note.ts";

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
