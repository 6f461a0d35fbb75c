import { expect, test } from "vitest";
import { rejectedReasonLines } from "./rejected-reason-lines.ts";

const reason = (rows: number, detail = "") => ({
  ...{ column: "late_ratio", reason: "not a number", rows },
  sample: { file: "week.csv", line: 2, text: "98.32%", detail },
});

test("the line of a reason names the option that would read the value", () => {
  expect(rejectedReasonLines([reason(5, "; set percent: share if 98.32% is 0.9832")])).toEqual([
    'rejected: 5 rows, late_ratio: not a number, first: week.csv line 2 ("98.32%"); set percent: share if 98.32% is 0.9832',
  ]);
});

test("a whole row, a row without a line and a reason without a sample have no empty parts", () => {
  expect(
    rejectedReasonLines([
      {
        column: null,
        reason: "fewer than 3 values",
        rows: 1,
        sample: { file: "a", line: null, text: "x", detail: "" },
      },
      { column: null, reason: "a NUL byte", rows: 2, sample: null },
    ]),
  ).toEqual(['rejected: 1 row, fewer than 3 values, first: a ("x")', "rejected: 2 rows, a NUL byte"]);
  expect(rejectedReasonLines([])).toEqual([]);
});

test("lists ten reasons and counts the others", () => {
  const lines = rejectedReasonLines(Array.from({ length: 12 }, () => reason(1)));
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe("rejected: and 2 more reasons");
  expect(rejectedReasonLines(Array.from({ length: 10 }, () => reason(1)))).toHaveLength(10);
});
