import { expect, test } from "vitest";
import { testAlert } from "../../../test/test-alert.ts";
import type { ScoredBy } from "../scores/run.ts";
import { type AlertChange, ruleEvent } from "./alert.ts";
import { chooseDivided, describeParts, modelChangeOf, movedSuppliers, withParts } from "./model-change.ts";

const NOW = new Date(0);
const scoredBy = (version: string, modelDigest = version): ScoredBy => ({
  ...{ name: "m", version, modelDigest, bundleDigest: "b", configHash: "", runtime: "", kernel: "", columnNames: [] },
  ...{ baseValue: 0, outputSpace: "margin" },
});
const change = (supplierId: number, kind: "raised" | "woken" | null, scoreChange: number | null): AlertChange => {
  const alert = testAlert({ id: `a${supplierId}`, supplierId, lastRunId: 9, scoreChange });
  return { alert, isNew: false, events: kind ? [ruleEvent(alert, kind, NOW)] : [] };
};

test("a model change is another model or bundle, whatever the version is called", () => {
  const before = { isoWeek: "2026-W46", scoredBy: scoredBy("v1", "x") };
  expect(modelChangeOf(before, scoredBy("v2", "x"))).toBeNull();
  expect(modelChangeOf(before, scoredBy("v1", "y"))).toEqual({
    ...{ beforeWeek: "2026-W46", beforeVersion: "v1", afterVersion: "v1" },
  });
  expect(modelChangeOf(undefined, scoredBy("v2"))).toBeNull();
  expect(modelChangeOf({ ...before, scoredBy: null }, scoredBy("v2"))).toBeNull();
});

test("the suppliers of moved alerts are divided; absent and unmoved ones are not", () => {
  const absent = { ...change(6, "raised", 0.9), alert: testAlert({ supplierId: 6, lastRunId: 8, scoreChange: 0.9 }) };
  const changes = [change(1, "raised", 0.1), change(2, "raised", -0.3), change(3, null, 0.9), change(4, "woken", 0.9)];
  const moved = movedSuppliers([...changes, change(5, "raised", null), absent], 9);
  expect([...moved]).toEqual([
    [1, 0.1],
    [2, 0.3],
  ]);
});

test("the largest changes are divided, equal ones by the ids of the suppliers whatever their numbers are", () => {
  const moved = new Map([
    ...[1, 2, 3].map((supplierId) => [supplierId, 0.2] as const),
    [4, 0.3] as const,
    [5, 0.1] as const,
  ]);
  const numbered = (...ids: string[]) => new Map(ids.map((id, i) => [i + 1, id]));
  expect(chooseDivided(moved, numbered("c", "a", "B", "z", "0"), 3)).toEqual([4, 3, 2]);
  expect(chooseDivided(moved, numbered("B", "c", "a", "z", "0"), 3)).toEqual([4, 1, 3]);
  expect(chooseDivided(moved, new Map()).length).toBe(5);
});

test("every moved alert has the versions, also when its parts were not computed", () => {
  const versions = { beforeWeek: "2026-W46", beforeVersion: "v1", afterVersion: "v2" };
  const divided = new Map([[1, { dataScore: 0.05, modelScore: 0.15, notComputed: "" }]]);
  const changes = [change(1, "raised", 0.2), change(2, "raised", 0.1), change(3, "raised", null), change(4, null, 0.1)];
  const parts = withParts(changes, 9, versions, divided).map(({ alert, events }) => {
    expect(events.map((event) => event.scoreChangeParts)).toEqual(events.map(() => alert.scoreChangeParts));
    return alert.scoreChangeParts && describeParts(alert.scoreChangeParts);
  });
  const opening = "v2 scored this week, v1 the week before";
  expect(parts).toEqual([
    `${opening}; of the change, +0.05 follows from the data and +0.15 from the model`,
    `${opening}; the parts of data and model were not computed: Only 1000 changes of a run are divided`,
    `${opening}; the parts of data and model were not computed: There is no earlier score`,
    null,
  ]);
});
