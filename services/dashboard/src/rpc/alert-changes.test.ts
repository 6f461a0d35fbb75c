import { AlertSchema, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { countChanges, countDifferences, createAlertChanges } from "./alert-changes.ts";

const alert = (alertId: string, state: AlertState = AlertState.OPEN, changedMs = 1_000) =>
  create(AlertSchema, { alertId, state, changedAt: timestampFromMs(changedMs) });
const isOpen = ({ state }: { state: AlertState }) => state === AlertState.OPEN;

test("a list gets the changes after its position, each alert once", () => {
  const changes = createAlertChanges();
  changes.add([alert("a")], false);
  const position = changes.position();
  expect(changes.since(position)).toEqual({ alerts: [], truncated: false, gap: false });
  changes.add([alert("b")], false);
  changes.add([alert("b", AlertState.ACKNOWLEDGED)], true);
  changes.addGap();
  const { alerts, truncated, gap } = changes.since(position);
  expect(alerts).toEqual([alert("b", AlertState.ACKNOWLEDGED)]);
  expect([truncated, gap]).toEqual([true, true]);
  expect(changes.since(changes.position())).toEqual({ alerts: [], truncated: false, gap: false });
});

test("1,000 changed alerts are kept; with the 1,001st the result is truncated", () => {
  const changes = createAlertChanges();
  for (let i = 0; i < 1_000; i++) changes.add([alert(String(i))], false);
  expect(changes.since(0)).toMatchObject({ truncated: false });
  changes.add([alert("more")], false);
  expect(changes.since(0)).toMatchObject({ truncated: true });
  expect(changes.since(0).alerts).toHaveLength(1_000);
  expect(changes.since(1)).toMatchObject({ truncated: false });
});

test("listeners are called for changes and gaps until they are removed", () => {
  const changes = createAlertChanges();
  let heard = 0;
  const leave = changes.subscribe(() => heard++);
  changes.add([], false);
  changes.addGap();
  leave();
  changes.addGap();
  expect(heard).toBe(2);
});

test("an alert counts as changed when its row differs, or when it belongs to the list and has no row", () => {
  const shown = [alert("a"), alert("b")];
  const count = (...changed: ReturnType<typeof alert>[]) => countChanges(changed, shown, isOpen);
  expect(count(alert("a"))).toBe(0);
  expect(count(alert("a", AlertState.ACKNOWLEDGED))).toBe(1);
  expect(count(alert("a", AlertState.RESOLVED))).toBe(1);
  // This state of the alert is older than the row that is shown.
  expect(count(alert("a", AlertState.ACKNOWLEDGED, 999))).toBe(0);
  expect(count(alert("c"))).toBe(1);
  expect(count(alert("c", AlertState.RESOLVED))).toBe(0);
});

test("rows that are new, changed or removed count as differences from the list that is shown", () => {
  const shown = [alert("a"), alert("b"), alert("c")];
  expect(countDifferences([alert("a"), alert("b")], shown)).toBe(0);
  expect(countDifferences([alert("a"), alert("x")], shown)).toBe(1);
  expect(countDifferences([alert("b"), alert("c")], [alert("a"), alert("b"), alert("c")])).toBe(1);
  expect(countDifferences([alert("a", AlertState.ACKNOWLEDGED)], shown)).toBe(1);
});
