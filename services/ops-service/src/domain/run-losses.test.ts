import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { describeLosses, type PreviousWeek } from "@bellwether/plausibility/losses";
import type { LossCounts } from "@bellwether/plausibility/rejected-share";
import { expect, test } from "vitest";
import { measureRunLosses } from "./run-losses.ts";

const POLICY = createRiskPolicy({ maxRejectedShare: 0.02, maxRejectedRows: 10, minSuppliersShare: 0.7 });
const WEEK: PreviousWeek = { isoWeek: "2026-W46", suppliers: 1_000 };
const NOTHING: LossCounts = {
  ...{ rowsRead: 1_000, rowsRejected: 0, rowsRepeated: 0, rowsInvalid: 0, suppliers: 1_000 },
  ...{ sourceRows: null, sourceRowsRejected: 0 },
};
const measure = (counts: Partial<LossCounts>, previous: PreviousWeek | null = null) =>
  measureRunLosses({ ...NOTHING, ...counts }, previous, POLICY, null);

test("a run exceeds the limit of rejected rows when it is above both the share and the number, not one of them", () => {
  const exceeds = (rowsRead: number, rowsRejected: number) => measure({ rowsRead, rowsRejected }).exceeded.length > 0;
  expect([exceeds(1_000, 20), exceeds(1_000, 21)]).toEqual([false, true]);
  expect([exceeds(100, 10), exceeds(100, 11)]).toEqual([false, true]);
  expect([exceeds(10, 10), exceeds(1_000_000, 20_000)]).toEqual([false, false]);
});

test("rejected rows of all stages are added, without rows that repeat an earlier row exactly", () => {
  expect(measure({ rowsRejected: 15, rowsInvalid: 5 })).toMatchObject({ rowsRejected: 20, exceeded: [] });
  expect(measure({ rowsRejected: 15, rowsInvalid: 6 })).toMatchObject({
    rowsRejected: 21,
    exceeded: ["rejected_rows"],
  });
  const repeated = measure({ rowsRejected: 500, rowsRepeated: 490, rowsInvalid: 10 });
  expect(repeated).toMatchObject({ rowsRejected: 20, rowsRepeated: 490, rejectedShare: 0.02, exceeded: [] });
});

test("with several tables, the share of source rows and the share of mapped rows are added", () => {
  const tables = { rowsRead: 1_100, sourceRows: 100_000, sourceRowsRejected: 100 };
  // 30 of 1,000 mapped rows are 3 %, although they are 0.03 % of the source rows.
  const mapped = measure({ ...tables, rowsRejected: 130 });
  expect(mapped.rejectedShare).toBeCloseTo(0.001 + 0.03, 12);
  expect(mapped.exceeded).toEqual(["rejected_rows"]);
  // 100 of 100,000 source rows are 0.1 %, although they are a tenth of the suppliers.
  expect(measure({ ...tables, rowsRejected: 100 })).toMatchObject({ rejectedShare: 0.001, exceeded: [] });
});

test("a run has too few suppliers when it is below the share of the previous week; the first week is not compared", () => {
  expect(measure({ suppliers: 700 }, WEEK).exceeded).toEqual([]);
  expect(measure({ suppliers: 699 }, WEEK).exceeded).toEqual(["suppliers"]);
  const policy = createRiskPolicy({ ...POLICY.losses, minSuppliersShare: 0.55 });
  const exact = measureRunLosses({ ...NOTHING, suppliers: 55 }, { ...WEEK, suppliers: 100 }, policy, null);
  expect(exact.exceeded).toEqual([]);
  expect(measure({ suppliers: 1 }, null)).toMatchObject({ exceeded: [], previousSuppliers: null, previousWeek: "" });
});

test("an acceptance is recorded only when the run exceeds a limit", () => {
  const accepted = { reason: "the branch was sold", actor: "jane" };
  const within = measureRunLosses(NOTHING, WEEK, POLICY, accepted);
  expect(within.accepted).toBeNull();
  const beyond = measureRunLosses({ ...NOTHING, suppliers: 1 }, WEEK, POLICY, accepted);
  expect(beyond).toMatchObject({ exceeded: ["suppliers"], accepted });
});

test("the sentence has every number and its limit, and never rounds a share to its limit", () => {
  const both = measure({ rowsRead: 3_002, rowsRejected: 2_990, rowsInvalid: 9, suppliers: 3 }, WEEK);
  expect(describeLosses(both)).toBe(
    "2999 rows rejected, 99.91 % of the rows (limits: 2 % and 10 rows); 3 suppliers, 0.3 % of the 1000 of 2026-W46 (limit: 70 %)",
  );
  expect(describeLosses(measure({ suppliers: 69_999 }, { ...WEEK, suppliers: 100_000 }))).toContain("69.99 % of");
  expect(describeLosses(measure({ rowsRead: 1_000_000, rowsRejected: 20_001 }))).toContain(
    "2.01 % of the rows (limits: 2 %",
  );
});

test("the rejected share of an empty run is 0", () => {
  expect(measure({ rowsRead: 0, suppliers: 0 })).toMatchObject({ rejectedShare: 0, exceeded: [] });
});
