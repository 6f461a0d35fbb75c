import {
  AlertSchema,
  AlertSeverity,
  AlertState,
  AlertTrend,
  Disposition,
} from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOwnership, AlertTab } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ACTIVE_ALERTS, type InboxView } from "../routing/inbox-view.ts";
import { belongsTo } from "./belongs.ts";

const belongs = (view: Partial<InboxView>, init: MessageInitShape<typeof AlertSchema>): boolean =>
  belongsTo({ ...ACTIVE_ALERTS, ...view }, create(AlertSchema, { state: AlertState.OPEN, ...init }), "ana", ["eve"]);
const SNOOZE = { untilWorse: true };

test("each tab has the alerts that the server lists in it", () => {
  const tabsOf = (init: MessageInitShape<typeof AlertSchema>) =>
    (["UNSPECIFIED", "MINE", "NEW", "WORSE", "SNOOZED", "DECIDED"] as const).filter((name) =>
      belongs({ tab: AlertTab[name] }, init),
    );
  expect(tabsOf({})).toEqual(["UNSPECIFIED"]);
  expect(tabsOf({ owner: "ana", trend: AlertTrend.NEW })).toEqual(["UNSPECIFIED", "MINE", "NEW"]);
  // The reader is the deputy of Eve.
  expect(tabsOf({ owner: "eve" })).toEqual(["UNSPECIFIED", "MINE"]);
  expect(tabsOf({ owner: "jo", trend: AlertTrend.WORSE })).toEqual(["UNSPECIFIED", "WORSE"]);
  expect(tabsOf({ owner: "ana", trend: AlertTrend.NEW, snooze: SNOOZE })).toEqual(["UNSPECIFIED", "SNOOZED"]);
  expect(tabsOf({ state: AlertState.RESOLVED, disposition: Disposition.MITIGATED })).toEqual(["DECIDED"]);
  expect(tabsOf({ state: AlertState.RESOLVED, disposition: Disposition.CLEARED })).toEqual([]);
});

test("all other conditions must hold too", () => {
  expect(belongs({ severity: AlertSeverity.CRITICAL }, { severity: AlertSeverity.WARNING })).toBe(false);
  expect(belongs({ ownership: AlertOwnership.NOBODY }, { owner: "jo" })).toBe(false);
  expect(belongs({ owner: "jo" }, { owner: "jo" })).toBe(true);
  expect(belongs({ text: "aCME" }, { supplierName: "The Acme" })).toBe(true);
  expect(belongs({ text: "acme" }, { supplierId: "X" })).toBe(false);
  expect(belongs({ states: [AlertState.RESOLVED] }, { state: AlertState.RESOLVED })).toBe(true);
  expect(belongs({ isoWeek: "2026-W47" }, { lastWeek: "2026-W46" })).toBe(false);
});

test("without a known reader, no alert is the reader's", () => {
  const mine = { ...ACTIVE_ALERTS, tab: AlertTab.MINE };
  expect(belongsTo(mine, create(AlertSchema, { state: AlertState.OPEN }), "", [])).toBe(false);
});
