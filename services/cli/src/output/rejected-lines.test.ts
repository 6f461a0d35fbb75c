import { expect, test } from "vitest";
import { rejectedLines } from "./rejected-lines.ts";

const reason = (n: number) =>
  ({ stage: "reading", source: "s", column: `c${n}`, reason: "not a number", rows: n }) as const;
const NOTHING = {
  count: 0,
  repeated: 0,
  byStage: { reading: 0, mapping: 0, validating: 0 },
  bySource: {},
  samples: [],
};

test("lists the ten most frequent reasons with a sample, and says how many more there are", () => {
  const samples = [{ source: "s", file: "s.csv", line: 7, column: "c12", reason: "not a number", text: "x" }];
  const reasons = Array.from({ length: 12 }, (_, i) => reason(i + 1));
  const lines = rejectedLines({ rejected: { ...NOTHING, reasons, samples }, cleanedIds: { rows: 0, duplicates: 0 } });
  expect(lines[0]).toBe('rejected: 12 rows of s, column c12: not a number, for example s.csv, line 7: "x"');
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe("rejected: 2 more reasons (--json has all)");
});

test("says which ids were changed; without any such row it says nothing", () => {
  const rejected = { ...NOTHING, reasons: [] };
  expect(rejectedLines({ rejected, cleanedIds: { rows: 0, duplicates: 0 } })).toEqual([]);
  expect(rejectedLines({ rejected, cleanedIds: { rows: 3, duplicates: 1 } })).toEqual([
    "supplier ids: 3 rows lost characters that cannot be seen or white space around the id; 1 of the rows are duplicates since",
  ]);
});
