import { createNameEraser, ERASED } from "@bellwether/contract/erasure/name-eraser";
import { expect, test } from "vitest";
import { eraseInJson } from "./erase-in-json.ts";
import { payloadHasName } from "./payload-has-name.ts";

const eraser = createNameEraser("Open") ?? expect.fail("the name is too short");

test("only the texts at the paths lose the name; keys, states and the order of members stay", () => {
  const value = { state: "open", override: { reason: "Open asked", actor: "open" }, open: 1 };
  const erased = eraseInJson(value, { texts: ["override.reason"] }, eraser);
  expect(erased).toEqual({ ...value, override: { reason: `${ERASED} asked`, actor: "open" } });
  expect(Object.keys(Object(erased))).toEqual(["state", "override", "open"]);
});

test("elements of arrays are searched, and values only as a whole", () => {
  const value = [{ list: [{ category: "Open" }, { category: "open air" }] }, null, 7, "open"];
  expect(eraseInJson(value, { texts: [], values: ["list.category"] }, eraser)).toEqual([
    ...[{ list: [{ category: ERASED }, { category: "open air" }] }, null, 7, "open"],
  ]);
  expect(eraseInJson(["open", "x"], { texts: [""] }, eraser)).toEqual([ERASED, "x"]);
});

test.each([
  ["without the member", { other: "open" }],
  ["with another type", { reason: 3 }],
  ["null", null],
  ["an inherited member", Object.create({ reason: "open" })],
])("a value %s is the same value", (_what, value) => {
  expect(eraseInJson(value, { texts: ["reason"] }, eraser)).toBe(value);
});

test.each([
  ["alert.commented", { note: "as Open says" }, true],
  ["run.checks_accepted", { checks: [{ detail: "open" }] }, true],
  ["model.gated", { reason: ["x", "open"] }, true],
  ["watchlist.created", { name: "about Open" }, true],
  ["model.alias_set", { model: { name: "open" }, alias: "open" }, false],
  ["alert.undone", { undone: "open", version: 3 }, false],
  ["run.completed", { ruleSets: [{ id: "open" }], modelName: "open-risk" }, false],
  ["sign_in.failed", { reason: "OPEN_STATE" }, false],
  ["x", ["open"], false],
])("whether the payload of %s has the name in a text: %j", (kind, payload, has) => {
  expect(payloadHasName(kind, JSON.stringify(payload), eraser)).toBe(has);
});
