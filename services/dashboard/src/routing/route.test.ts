import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertSeverity, AlertState } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { expect, test } from "vitest";
import { ACTIVE_ALERTS, hrefOf, type Place, placeOf } from "./route.ts";

test("placeOf reads every address that hrefOf writes", () => {
  const places: Exclude<Place, { page: "nowhere" }>[] = [
    { page: "alerts", filter: ACTIVE_ALERTS },
    { page: "alerts", filter: { states: [AlertState.RESOLVED], severity: AlertSeverity.CRITICAL } },
    { page: "alerts", filter: { ...ACTIVE_ALERTS, modelName: "second" } },
    { page: "suppliers", band: Band.UNSPECIFIED },
    { page: "suppliers", band: Band.HIGH },
    { page: "supplier", supplierId: "a/b?c#d %é" },
    { page: "supplier", supplierId: "S-1", modelName: "risk & co", alertId: "0190f3c0" },
    { page: "suppliers", band: Band.LOW, modelName: "second" },
    { page: "run", isoWeek: "2026-W47", modelName: "second" },
    { page: "run", isoWeek: "" },
    { page: "run", isoWeek: "2026-W47" },
  ];
  for (const place of places) expect(placeOf(hrefOf(place))).toEqual(place);
});

test("an empty address shows the alerts, and unknown filters are ignored", () => {
  for (const hash of ["", "#", "#/", "#/alerts", "#/alerts?state=lost&severity=toString"]) {
    expect(placeOf(hash), hash).toEqual({ page: "alerts", filter: ACTIVE_ALERTS });
  }
});

test('an unknown address is the page "nowhere"', () => {
  for (const hash of ["#/elsewhere", "#/suppliers/%E0%A4%A", "#/run/2026-W47/more", "#/run/soon", "#/alerts/1"]) {
    expect(placeOf(hash), hash).toEqual({ page: "nowhere" });
  }
});
