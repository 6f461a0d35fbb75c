import { expect, test } from "vitest";
import type { RetentionLimits } from "./retention.ts";
import { retentionOfKinds } from "./retention-kinds.ts";

const LIMITS: RetentionLimits = {
  ...{ scoreWeeks: 53, snapshotWeeks: 8, outcomeWeeks: 157 },
  ...{ reportWeeks: null, auditPayloadDays: null, noteDays: null },
};
const keptOf = (limits = LIMITS, noticeDays: number | null = 90) =>
  new Map(retentionOfKinds(limits, noticeDays).map((kind) => [kind.kind, kind]));

test("each kind is listed once, with a title and with a setting where it can be set", () => {
  const kinds = retentionOfKinds(LIMITS, 90);
  expect(new Set(kinds.map(({ kind }) => kind)).size).toBe(kinds.length);
  for (const { title } of kinds) expect(title).not.toBe("");
  expect(keptOf().get("scores")).toMatchObject({
    kept: { weeks: 53 },
    setting: "retention.score_weeks in risk_policy.yaml",
  });
  expect(keptOf().get("alerts")).toMatchObject({ kept: "forever", setting: "" });
});

test("what is kept forever by default says so, and names no event from which days would count", () => {
  for (const kind of ["reports", "audit_payloads", "alert_notes"] as const)
    expect(keptOf().get(kind)).toMatchObject({ kept: "forever", countedFrom: "" });
  expect(keptOf({ ...LIMITS, reportWeeks: 4 }).get("reports")).toMatchObject({ kept: { weeks: 4 } });
});

test("days count from an event, and a service without notices has no notices to remove", () => {
  const limits = { ...LIMITS, auditPayloadDays: 30, noteDays: 31 };
  const kinds = new Map(retentionOfKinds(limits, null).map((kind) => [kind.kind, kind]));
  expect(kinds.get("audit_payloads")).toMatchObject({ kept: { days: 30 }, countedFrom: "the recording of the event" });
  expect(kinds.get("alert_notes")).toMatchObject({ kept: { days: 31 }, countedFrom: "the resolution of the alert" });
  expect(kinds.get("notices")).toMatchObject({ kept: "forever", setting: "no notices are sent" });
  expect(keptOf().get("notices")).toMatchObject({ kept: { days: 90 } });
});
