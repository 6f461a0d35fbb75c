import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import { expect, test } from "vitest";
import {
  changedIdsWarning,
  columnWarnings,
  exchangedWarnings,
  notSharedWarning,
  similarIdsWarning,
} from "./input-warnings.ts";

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

test("a column with at least 20 points more missing values is named; one without any value is a check", () => {
  const before = columns(["a", "x"], ["b", "y"], ["c", "z"], ["d", "w"]);
  const missing = (...counts: readonly number[]) => before.map((column, i) => ({ ...column, missing: counts[i] ?? 0 }));
  const previous = { week: "2026-W46", rows: 100, columns: missing(10, 0, 0, 0) };
  expect(columnWarnings(missing(30, 19, 90, 100), previous)).toEqual([
    "warning: c has no value in 90 % of the rows (90 of 100), and had none in 0 % in 2026-W46; check the column of the file",
    "warning: a has no value in 30 % of the rows (30 of 100), and had none in 10 % in 2026-W46; check the column of the file",
  ]);
  expect(columnWarnings(missing(30, 20, 90, 25), previous).at(-1)).toBe(
    "warning: and 1 more column with more missing values",
  );
  expect(columnWarnings(missing(30), null)).toEqual([]);
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
  expect(changedIdsWarning({ ...found, similar: 0, examples: [] }, "2026-W48", "lieferantennr", true)).toEqual([]);
  const [named = ""] = changedIdsWarning(found, "2026-W48", "lieferantennr", true);
  expect(named).toContain(
    'warning: compared with 2026-W48, 298 missing ids differ from new ids only in leading zeros, case or spaces: "000301" is "301". Each',
  );
  const [hidden = ""] = changedIdsWarning(found, "2026-W48", "lieferantennr", false);
  expect(hidden).toContain("case or spaces. Each counts");
  expect(hidden).not.toContain("301");
});

test.each([
  ["0004711000", "4711000", "lpad(lieferantennr, 10, '0')"],
  ["4711", "0004711", "ltrim(lieferantennr, '0')"],
  ["S1", "s1", "upper(trim(lieferantennr))"],
])("the SQL that makes ids equal follows the ids: %s is %s", (before, now, sql) => {
  const found = { suppliers: 2, shared: 1, similar: 1, examples: [{ before, now }] };
  for (const showsIds of [true, false])
    expect(changedIdsWarning(found, "2026-W48", " lieferantennr\n", showsIds)[0]).toMatch(
      new RegExp(`such as ${sql.replace(/[()]/g, "\\$&")}$`),
    );
});

test("suppliers that were not compared are a warning with the place of the snapshot, unless the policy turns the check off", () => {
  const previous = { week: "2026-W48", rows: 400, columns: [] };
  const snapshotOf = (week: string): string => `/data/weeks/${week}.parquet`;
  const setting = { minShare: 0.7, maxSimilarShare: 0.05 };
  const [warning = ""] = notSharedWarning(null, previous, setting, snapshotOf);
  expect(warning).toMatch(/^warning: the suppliers were not compared with those of 2026-W48/);
  expect(warning).toContain(
    "is not /data/weeks/2026-W48.parquet. If 2026-W48 was run with another folder (BELLWETHER_DATA_DIR)",
  );
  const shared = { suppliers: 1, shared: 1, similar: 0, examples: [] };
  expect(notSharedWarning(shared, previous, setting, snapshotOf)).toEqual([]);
  expect(notSharedWarning(null, null, setting, snapshotOf)).toEqual([]);
  expect(notSharedWarning(null, previous, { disabled: "a sample each week" }, snapshotOf)).toEqual([]);
});
