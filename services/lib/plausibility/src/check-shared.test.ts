import { expect, test } from "vitest";
import { checkShared, type SharedSuppliers } from "./check-shared.ts";

const PREVIOUS = { week: "2026-W48", rows: 400, columns: [] };
const SETTING = { minShare: 0.7, maxSimilarShare: 0.05 };
const found = (shared: number, similar = 0): SharedSuppliers => ({
  ...{ suppliers: 400, shared, similar },
  examples: similar === 0 ? [] : [{ before: "000301", now: "301" }],
});
const checkOf = (one: SharedSuppliers | null) => checkShared(one, PREVIOUS, SETTING);

test("the share of the suppliers of the week before is compared with its limit, on both sides of it", () => {
  expect(checkOf(found(280))).toEqual({
    ...{ kind: "shared_suppliers", outcome: "passed", column: "", value: 0.7, limit: 0.7 },
    detail: "280 of the 400 suppliers of 2026-W48 are in the input, 70 % (limit: 70 %)",
  });
  expect(checkOf(found(279))).toMatchObject({
    ...{ outcome: "failed", value: 0.6975 },
    detail: "279 of the 400 suppliers of 2026-W48 are in the input, 69.75 % (limit: 70 %)",
  });
});

test("ids that were only written in another way are counted, without the ids", () => {
  expect(checkOf(found(0, 400))).toMatchObject({
    outcome: "failed",
    detail:
      "0 of the 400 suppliers of 2026-W48 are in the input, 0 % (limit: 70 %); 400 missing ids differ from new ids only in leading zeros, case or spaces",
  });
  expect(checkOf(found(399, 1)).detail).toContain("; 1 missing id differs from a new id only in leading zeros");
});

test("more than 5 % of the ids, and at least 20, that are written in another way hold the run", () => {
  expect(checkOf(found(379, 21))).toEqual({
    ...{ kind: "shared_suppliers", outcome: "failed", column: "", value: 0.0525, limit: 0.05 },
    detail:
      "21 missing ids differ from new ids only in leading zeros, case or spaces, 5.25 % of the 400 suppliers of 2026-W48 (limit: 5 %)",
  });
  expect(checkOf(found(380, 20)).outcome).toBe("passed");
  const few = { suppliers: 100, shared: 81, examples: [] };
  expect(checkShared({ ...few, similar: 19 }, PREVIOUS, SETTING).outcome).toBe("passed");
  expect(checkShared({ ...few, similar: 20 }, PREVIOUS, SETTING).outcome).toBe("failed");
  expect(checkShared({ ...few, similar: 19 }, PREVIOUS, { ...SETTING, maxSimilarShare: 1 }).outcome).toBe("passed");
});

test("it is not possible without an earlier week, without its snapshot, and when the policy turns it off", () => {
  const outcomeOf = (check: ReturnType<typeof checkShared>) => `${check.outcome}: ${check.detail}`;
  expect(outcomeOf(checkShared(null, null, SETTING))).toBe(
    "not_possible: there is no earlier complete week of this model",
  );
  const notStored = "not_possible: the snapshot of 2026-W48 is not stored on this machine";
  expect(outcomeOf(checkOf(null))).toBe(notStored);
  expect(outcomeOf(checkOf({ suppliers: 0, shared: 0, similar: 0, examples: [] }))).toBe(notStored);
  expect(outcomeOf(checkShared(found(0), PREVIOUS, { disabled: "a sample each week" }))).toBe(
    "not_possible: turned off by the risk policy: a sample each week",
  );
});
