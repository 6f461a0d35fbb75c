import { parseTable } from "@bellwether/risk-model/tables/value-table";
import { expect, test } from "vitest";
import { outcomeLines, readOutcomes } from "./outcome-labels.ts";

const day = (isoDate: string): number => Date.parse(isoDate) / 86_400_000;
const rules = { horizonDays: 10, completeUntilDay: null, todayDay: day("2026-06-01") };
const read = (csv: string, over: Partial<typeof rules> | { completeUntilDay: number } = {}) =>
  readOutcomes(parseTable(new TextEncoder().encode(csv)), { ...rules, ...over });
/** 2026-W10 ends on Sunday, 2026-03-08; its window is 9 to 18 March. */
const W10 = ["2026-W10", day("2026-03-08")] as const;

test.each([
  ["2026-03-08", null],
  ["2026-03-09", 1],
  ["2026-03-18", 1],
  ["2026-03-19", null],
])("an event on %s is the label %s of a week that ends on 2026-03-08", (happenedOn, label) => {
  expect(read(`supplier_id,happened_on\nA,${happenedOn}\n`).labelOf("A", ...W10)).toBe(label);
});

test("without an event, the label is 0 only when the file is complete up to the end of the window, or says so", () => {
  const csv = "supplier_id,happened_on\nA,2026-01-01\n";
  expect(read(csv).labelOf("A", ...W10)).toBeNull();
  expect(read(csv, { completeUntilDay: day("2026-03-17") }).labelOf("B", ...W10)).toBeNull();
  expect(read(csv, { completeUntilDay: day("2026-03-18") }).labelOf("B", ...W10)).toBe(0);
  const stated = read("supplier_id,occurred,iso_week\nA,false,2026-W10\nB,true,2026-W10\n");
  expect(["A", "B", "C"].map((id) => stated.labelOf(id, ...W10))).toEqual([0, 1, null]);
  expect(stated.labelOf("A", "2026-W11", day("2026-03-15"))).toBeNull();
});

test("outcomes that contradict each other are no label, and are counted; the same outcome twice is one", () => {
  const csv = `supplier_id,occurred,iso_week,happened_on
A,true,2026-W10,
A,false,2026-W10,
B,false,2026-W10,
B,true,,2026-03-10
C,true,2026-W10,
C,true,2026-W10,
`;
  const outcomes = read(csv, { completeUntilDay: day("2026-05-01") });
  expect(["A", "B", "C"].map((id) => outcomes.labelOf(id, ...W10))).toEqual([null, null, 1]);
  expect(outcomeLines(outcomes)).toEqual([
    "outcomes: 2 suppliers and weeks with outcomes that contradict each other, not used",
  ]);
});

test("invalid rows are rejected with row and reason, and the others are used", () => {
  const outcomes = read(`supplier_id,occurred,iso_week,happened_on,known_on
,true,2026-W10,,
A,maybe,2026-W10,,
A,true,2026-W60,,
A,true,,2026-02-30,
A,true,,2026-06-02,
A,true,,2026-03-10,2026-03-09
A,false,2026-W10,2026-03-10,
A,false,,,
A,,2026-W10,,
${"x".repeat(200)},true,2026-W10,,
A,,,2026-03-10,2026-03-11
`);
  expect(outcomes.rejected.map(({ row, column }) => [row, column])).toEqual([
    [2, "supplier_id"],
    [3, "occurred"],
    [4, "iso_week"],
    [5, "happened_on"],
    [6, "happened_on"],
    [7, "known_on"],
    [8, "happened_on"],
    [9, "happened_on"],
    [10, "occurred"],
    [11, "supplier_id"],
  ]);
  expect(outcomes.labelOf("A", ...W10)).toBe(1);
  expect(outcomeLines(outcomes)).toContain(
    'outcomes: 1 of 11 rows rejected: happened_on is in the future, for example row 6: "2026-06-02"',
  );
});

test("a file with other columns is an error that names the nearest one", () => {
  expect(() => read("supplier_id,happend_on\nA,2026-03-10\n")).toThrow('"happend_on" is not one of');
  expect(() => read("supplier_id,happend_on\nA,2026-03-10\n")).toThrow('did you mean "happened_on"?');
  expect(() => read("happened_on\n2026-03-10\n")).toThrow("it has no column supplier_id");
  expect(() => read("supplier_id,occurred\nA,true\n")).toThrow("it has neither iso_week nor happened_on");
});
