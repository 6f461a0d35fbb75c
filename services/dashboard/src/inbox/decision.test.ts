import { AlertSchema, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertActionSchema } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { actionOf, alertsWords, canBeUndone, type Decision, decisionWords, isAllowed } from "./decision.ts";

const SEEN = { alertId: "0190f3c0-0000-7000-8000-000000000001", version: 3n };
const action = (decision: Decision) => create(AlertActionSchema, actionOf(SEEN, decision)).action;

test("every action names the alert and the version that the reader saw", () => {
  const decisions: Decision[] = [
    ...([{ kind: "acknowledge" }, { kind: "mitigate" }, { kind: "reopen" }, { kind: "undo" }] as const),
    { kind: "resolve", disposition: Disposition.MITIGATED, note: "" },
    { kind: "assign", owner: "jo", note: "" },
    { kind: "snooze", untilWorse: true },
    { kind: "comment", comment: "x" },
    { kind: "override", severity: 1, band: 0, reason: "x", until: new Date() },
  ];
  for (const decision of decisions) expect(action(decision).value, decision.kind).toMatchObject(SEEN);
  expect(new Set(decisions.map((decision) => action(decision).case)).size).toBe(decisions.length);
});

test("dates are sent as they were chosen, and not at all where none was chosen", () => {
  const until = new Date("2026-12-24T00:00:00Z");
  const { value } = action({ kind: "snooze", until, untilWorse: false });
  expect(value && "until" in value && value.until ? timestampDate(value.until) : undefined).toEqual(until);
  expect(action({ kind: "snooze", untilWorse: true }).value).not.toHaveProperty("until");
});

test("a resolved alert can only be opened again or commented on", () => {
  const kinds: Decision["kind"][] = ["acknowledge", "mitigate", "resolve", "assign", "snooze", "override", "comment"];
  const resolved = create(AlertSchema, { state: AlertState.RESOLVED });
  expect([...kinds, "reopen" as const].filter((kind) => isAllowed(kind, resolved))).toEqual(["comment", "reopen"]);
  expect(kinds.every((kind) => isAllowed(kind, create(AlertSchema, { state: AlertState.OPEN })))).toBe(true);
});

test("a comment and an undo cannot be undone", () => {
  expect(canBeUndone({ kind: "acknowledge" })).toBe(true);
  expect([canBeUndone({ kind: "comment", comment: "x" }), canBeUndone({ kind: "undo" })]).toEqual([false, false]);
});

test("a decision is described in words", () => {
  const one = create(AlertSchema, { supplierId: "S-1", supplierName: "Acme" });
  expect(`${decisionWords({ kind: "assign", owner: "jo", note: "" })}: ${alertsWords([one])}`).toBe(
    "Handed over to jo: Acme",
  );
  expect(alertsWords([one, one])).toBe("2 alerts");
  expect(alertsWords([create(AlertSchema, { supplierId: "S-1" })])).toBe("S-1");
});
