import { AlertSchema } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type InboxEvent, idAfterDecision, initialInbox, movedId, nextInbox } from "./inbox-state.ts";

const alerts = ["a", "b", "c"].map((alertId) => create(AlertSchema, { alertId }));
const after = (...events: InboxEvent[]) => events.reduce(nextInbox, initialInbox(""));

test("Escape closes the form, then the panel, then the selection", () => {
  const open = after({ type: "toggle", alertId: "a" }, { type: "openForm", form: { kind: "resolve", targets: [] } });
  expect(open).toMatchObject({ isPanelOpen: true, form: { kind: "resolve" } });
  const first = nextInbox(open, { type: "close" });
  expect(first).toMatchObject({ isPanelOpen: true, form: undefined });
  const second = nextInbox(first, { type: "close" });
  expect([second.isPanelOpen, second.selected.size]).toEqual([false, 1]);
  const third = nextInbox(second, { type: "close" });
  expect(third.selected.size).toBe(0);
  expect(nextInbox(third, { type: "close" })).toBe(third);
});

test("an address with an alert opens its panel", () => {
  expect(initialInbox("a")).toMatchObject({ activeId: "a", isPanelOpen: true });
  expect(initialInbox("")).toMatchObject({ activeId: "", isPanelOpen: false });
});

test("an address without an alert closes the panel and its form, and keeps the active row", () => {
  const open = after({ type: "openPanel", alertId: "a" }, { type: "openForm", form: { kind: "snooze", targets: [] } });
  expect(nextInbox(open, { type: "closePanel" })).toMatchObject({ activeId: "a", isPanelOpen: false, form: undefined });
});

test("a row is selected and deselected", () => {
  expect([...after({ type: "toggle", alertId: "a" }, { type: "toggle", alertId: "b" }).selected]).toEqual(["a", "b"]);
  expect(after({ type: "toggle", alertId: "a" }, { type: "toggle", alertId: "a" }).selected.size).toBe(0);
});

test("moving stops at the first and the last row, and begins with the first row", () => {
  expect(movedId(alerts, "b", 1)).toBe("c");
  expect(movedId(alerts, "c", 1)).toBe("c");
  expect(movedId(alerts, "a", -1)).toBe("a");
  expect(movedId(alerts, "a", Number.POSITIVE_INFINITY)).toBe("c");
  expect(movedId(alerts, "unknown", 1)).toBe("a");
  expect(movedId([], "a", 1)).toBe("");
});

test("after a decision the next row that needs one is active, else the one before", () => {
  const all = () => true;
  expect(idAfterDecision(alerts, "a", all)).toBe("b");
  expect(idAfterDecision(alerts, "a", ({ alertId }) => alertId === "c")).toBe("c");
  expect(idAfterDecision(alerts, "c", all)).toBe("b");
  expect(idAfterDecision(alerts, "b", () => false)).toBe("b");
});
