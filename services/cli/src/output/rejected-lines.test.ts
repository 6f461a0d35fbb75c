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
const WHOLE = { olderRows: 0, sources: [] };

test("lists the ten most frequent reasons with a sample, and the number of further reasons", () => {
  const samples = [{ source: "s", file: "s.csv", line: 7, column: "c12", reason: "not a number", text: "x" }];
  const reasons = Array.from({ length: 12 }, (_, i) => reason(i + 1));
  const lines = rejectedLines({
    rejected: { ...NOTHING, reasons, samples },
    cleanedIds: { rows: 0, duplicates: 0 },
    ...WHOLE,
  });
  expect(lines[0]).toBe('rejected: 12 rows of s, column c12: not a number, for example s.csv, line 7: "x"');
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe("rejected: 2 more reasons (--json has all)");
});

test("prints the detail of a sample, the older rows and how files were read", () => {
  const samples = [
    { source: "s", file: "s.csv", line: 7, column: "c1", reason: "not a number; set decimal: ','", text: "1,5" },
  ];
  const source = {
    ...{ source: "s", file: "s.csv", read: 1, rows: 1, rejected: 0, digest: "", unreadColumns: [], ruledNull: {} },
    ...{ cleanedIds: 0, pathValues: {}, notes: ["it was read as gzip"] },
  };
  const cleanedIds = { rows: 0, duplicates: 0 };
  const rejected = { ...NOTHING, reasons: [reason(1)], samples };
  expect(rejectedLines({ rejected, cleanedIds, olderRows: 2, sources: [source] })).toEqual([
    `rejected: 1 row of s, column c1: not a number, for example s.csv, line 7: "1,5"; set decimal: ','`,
    "left out: 2 rows with a newer one of the same supplier (keep: newest by)",
    "s.csv: it was read as gzip",
  ]);
});

test("counts the changed ids; prints nothing when no row was rejected or changed", () => {
  const rejected = { ...NOTHING, reasons: [] };
  expect(rejectedLines({ rejected, cleanedIds: { rows: 0, duplicates: 0 }, ...WHOLE })).toEqual([]);
  expect(rejectedLines({ rejected, cleanedIds: { rows: 3, duplicates: 1 }, ...WHOLE })).toEqual([
    "supplier ids: 3 rows had invisible characters or surrounding white space in the id, which were removed; 1 of these rows are now duplicates",
  ]);
});
