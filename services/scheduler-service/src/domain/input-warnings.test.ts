import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import { expect, test } from "vitest";
import { changedIdsWarning, exchangedWarnings, similarIdsWarning } from "./input-warnings.ts";

/** Columns of a hundred rows, each with one value that the others do not have. */
const columns = (...tops: readonly (readonly [string, string])[]): ColumnProfile[] =>
  tops.map(([column, topValue]) => ({
    ...{ column, kind: "text", rows: 100, missing: 0, distinct: 5, topValue, topRows: 50, numbers: null },
  }));

test("exchanged columns are named with the week before; of many pairs the first three", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const before = columns(...names.map((name) => [name, name] as const));
  const now = columns(...names.map((name, i) => [name, names[i % 2 === 0 ? i + 1 : i - 1] ?? ""] as const));
  const previous = { week: "2026-W46", rows: 100, columns: before };
  const warnings = exchangedWarnings(now, previous);
  expect(warnings).toHaveLength(4);
  expect(warnings[0]).toBe(
    "warning: the values of a and b look exchanged: each is distributed like the other one in 2026-W46; check the columns of the file",
  );
  expect(warnings[3]).toBe("warning: and 1 more pair of columns with values that look exchanged");
  expect(exchangedWarnings(before, previous)).toEqual([]);
  expect(exchangedWarnings(now, null)).toEqual([]);
});

test("similar ids are counted and quoted", () => {
  expect(similarIdsWarning({ ids: 0, examples: [] })).toBeNull();
  expect(
    similarIdsWarning({
      ids: 5,
      examples: [
        ["S1", "s1", "s1 "],
        ["07", "7"],
      ],
    }),
  ).toMatch(
    /^warning: 5 supplier ids differ from another one only in case, spaces, leading zeros or the way accents are stored \(Unicode NFC and NFD\): "S1" and "s1" and "s1 ", "07" and "7"\. /,
  );
});

test("ids that are written in another way than in the week before are counted, with examples when they may be shown", () => {
  const found = { suppliers: 400, shared: 102, similar: 298, examples: [{ before: "000301", now: "301" }] };
  expect(changedIdsWarning({ ...found, similar: 0, examples: [] }, "2026-W48")).toEqual([]);
  const [named = ""] = changedIdsWarning(found, "2026-W48");
  expect(named).toContain(
    'warning: compared with 2026-W48, 298 missing ids differ from new ids only in leading zeros, case or spaces: "000301" is "301". Each',
  );
  expect(changedIdsWarning({ ...found, examples: [] }, "2026-W48")[0]).toContain("case or spaces. Each counts");
});
