import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSeverity, AlertState, AlertTrend } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertOrder, AlertOwnership, AlertTab, WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { SupplierOrder } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { expect, test } from "vitest";
import { ACTIVE_ALERTS, countConditions, type InboxView } from "./inbox-view.ts";
import { ALL_EVENTS } from "./record-views.ts";
import { ALL_SUPPLIERS, hrefOf, type Place, placeOf } from "./route.ts";

const FULL_VIEW: InboxView = {
  ...{ tab: AlertTab.WORSE, states: [], order: AlertOrder.EXPECTED_IMPACT, severity: AlertSeverity.CRITICAL },
  ...{ trend: AlertTrend.BETTER, ownership: AlertOwnership.NOBODY, owner: "jo & co", region: "a,b", category: "x?y#z" },
  ...{ ruleId: "high", isoWeek: "2026-W47", modelName: "risk & co", text: "100 % é" },
  ...{ weekChange: WeekChange.WORSE, changeWeek: "2026-W46", watchlistId: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e01" },
};

test("placeOf reads every address that hrefOf writes", () => {
  const places: Exclude<Place, { page: "nowhere" }>[] = [
    { page: "alerts", view: ACTIVE_ALERTS },
    { page: "alerts", view: { ...ACTIVE_ALERTS, states: [AlertState.RESOLVED], severity: AlertSeverity.CRITICAL } },
    { page: "alerts", view: FULL_VIEW, alertId: "0190f3c0" },
    { page: "week", isoWeek: "" },
    { page: "week", isoWeek: "2026-W47", modelName: "second" },
    { page: "suppliers", ...ALL_SUPPLIERS },
    {
      page: "suppliers",
      ...ALL_SUPPLIERS,
      band: Band.HIGH,
      order: SupplierOrder.CHANGE,
      text: "a&b",
      incomplete: true,
    },
    { page: "suppliers", ...ALL_SUPPLIERS, band: Band.LOW, modelName: "second" },
    { page: "suppliers", ...ALL_SUPPLIERS, withoutExposure: true, isoWeek: "2026-W46" },
    { page: "suppliers", ...ALL_SUPPLIERS, watchlistId: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e01" },
    { page: "supplier", supplierId: "a/b?c#d %é" },
    { page: "supplier", supplierId: "S-1", modelName: "risk & co", alertId: "0190f3c0" },
    { page: "run", isoWeek: "2026-W47", modelName: "second" },
    { page: "run", isoWeek: "" },
    { page: "watchlists", watchlistId: "", supplierId: "" },
    { page: "watchlists", watchlistId: "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e01", supplierId: "a/b&c" },
    { page: "run", isoWeek: "2026-W47" },
    { page: "run", isoWeek: "2026-W47", modelName: "second", runId: 12 },
    { page: "notices", state: "", destination: "" },
    { page: "notices", state: "dead", destination: "risk-room" },
    { page: "rules", setId: "" },
    { page: "rules", setId: "emea-2" },
    { page: "rules", setId: "emea-2", modelName: "second" },
    { page: "settings" },
    { page: "performance" },
    { page: "performance", modelName: "risk & co" },
    { page: "models", modelName: "", version: "", other: "" },
    { page: "models", modelName: "second", version: "v3", other: "v2" },
    { page: "audit", ...ALL_EVENTS },
    {
      page: "audit",
      actor: "Ada (ada)",
      kind: "alert.resolved",
      subject: "a&b#c",
      from: "2026-11-01",
      to: "2026-11-30",
      after: "0",
    },
  ];
  for (const place of places) expect(placeOf(hrefOf(place))).toEqual(place);
});

test("an empty address shows the alerts, and unknown filters are ignored", () => {
  for (const hash of ["", "#", "#/", "#/alerts", "#/alerts?state=lost&severity=toString&tab=x&week=soon&order=up"]) {
    expect(placeOf(hash), hash).toEqual({ page: "alerts", view: ACTIVE_ALERTS });
  }
});

test("addresses of earlier versions of the page are read", () => {
  expect(placeOf("#/alerts?state=resolved&severity=critical&model=m")).toEqual({
    page: "alerts",
    view: { ...ACTIVE_ALERTS, states: [AlertState.RESOLVED], severity: AlertSeverity.CRITICAL, modelName: "m" },
  });
});

test("a text that is longer than the contract allows is cut, without half characters", () => {
  const place = placeOf(`#/alerts?text=${encodeURIComponent("é".repeat(200))}`);
  expect(place.page === "alerts" && place.view.text).toBe("é".repeat(100));
});

test("conditions are counted, without the tab, the order and the text", () => {
  expect(countConditions(ACTIVE_ALERTS)).toBe(0);
  expect(countConditions({ ...ACTIVE_ALERTS, tab: AlertTab.NEW, order: AlertOrder.SCORE_CHANGE, text: "x" })).toBe(0);
  expect(countConditions(FULL_VIEW)).toBe(10);
});

test('an unknown address is the page "nowhere"', () => {
  const hashes = [
    "#/elsewhere",
    "#/suppliers/%E0%A4%A",
    "#/run/2026-W47/more",
    "#/run/soon",
    "#/alerts/1",
    "#/week/soon",
  ];
  for (const hash of hashes) expect(placeOf(hash), hash).toEqual({ page: "nowhere" });
});

test("an unknown state or destination in the address of the notices is ignored", () => {
  expect(placeOf("#/settings/notices?state=lost&destination=A%20B")).toEqual({
    page: "notices",
    state: "",
    destination: "",
  });
  expect(placeOf("#/settings/other")).toEqual({ page: "nowhere" });
});

test("a day that does not exist in the address of the audit log is ignored, and long texts are cut", () => {
  const long = "x".repeat(300);
  expect(placeOf(`#/audit?from=2026-02-30&to=tomorrow&actor=${long}&kind=${long}`)).toEqual({
    page: "audit",
    ...ALL_EVENTS,
    actor: "x".repeat(256),
    kind: "x".repeat(64),
  });
  expect(placeOf("#/audit?from=0000-01-01&to=2026-1-1&after=9007199254740992")).toEqual({
    page: "audit",
    ...ALL_EVENTS,
  });
});

test("an id of a rule set that is not one is ignored", () => {
  for (const set of ["A", "a b", "-a", "a".repeat(41), "%00"])
    expect(placeOf(`#/rules?set=${set}`)).toEqual({ page: "rules", setId: "" });
});
