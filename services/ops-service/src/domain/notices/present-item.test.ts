import { expect, test } from "vitest";
import { testItem } from "../../../test/test-notice.ts";
import { leftOutText, type PresentAlert, presentItem } from "./present-item.ts";

const ALERT: PresentAlert = {
  ...{ state: "open", severity: "warning", owner: "ada", supplierName: "New name", supplierOwner: "sam" },
};
const alerts = (one: Partial<PresentAlert>, two: Partial<PresentAlert> = {}) =>
  new Map([
    ["a", { ...ALERT, ...one }],
    ["b", { ...ALERT, ...two }],
  ]);
const ITEM = testItem({ alertIds: ["a", "b"], owner: "ada" });

test("an item has the owner and the name of now", () => {
  const present = presentItem(ITEM, alerts({ owner: "bo" }));
  expect(present).toEqual({ item: { ...ITEM, owner: "bo", supplierName: "New name" } });
  expect(presentItem(ITEM, alerts({ owner: "" }, { owner: "" }))).toMatchObject({ item: { owner: "sam" } });
});

test("a resolved alert is left out, and its severity with it", () => {
  const present = presentItem(ITEM, alerts({ state: "resolved", severity: "critical" }));
  expect(present).toMatchObject({ item: { alertIds: ["b"], severity: "warning" } });
  const over = alerts({ state: "resolved" }, { state: "resolved" });
  expect(presentItem(ITEM, over)).toEqual({ leftOut: "resolved" });
});

test("an assignment that was undone or changed is left out, and one that holds is not", () => {
  const assigned = testItem({ alertIds: ["a"], owner: "ada", cause: "assigned" });
  expect(presentItem(assigned, alerts({}))).toMatchObject({ item: { owner: "ada" } });
  for (const owner of ["", "bo"]) expect(presentItem(assigned, alerts({ owner }))).toEqual({ leftOut: "assignment" });
});

test("that nobody has taken an alert is left out when somebody has", () => {
  const late = testItem({ alertIds: ["a"], owner: "ada", cause: "not_taken" });
  expect(presentItem(late, alerts({ state: "acknowledged" }))).toEqual({ leftOut: "taken" });
  expect(leftOutText(["taken", "taken"])).toBe("left out: somebody has taken the alert");
});

test("an item whose alerts are not known stays as it is", () => {
  expect(presentItem(ITEM, new Map())).toEqual({ item: ITEM });
});
