import { RuleSetSchema } from "@bellwether/gen/bellwether/ops/v1/rule_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type AlertLimits, alertChanges, type ComparedAlerts, type OpenAlerts } from "./alert-changes.ts";
import { alertLimitsOf } from "./alert-limits.ts";

const ALL: AlertLimits = { regions: [], categories: [], raise: 0.7, clear: 0.5 };

/** Compares suppliers with an open alert, whose scores are given as [champion, challenger]. */
function changesOf(
  pairs: readonly (readonly [champion: number, challenger: number])[],
  over: Partial<OpenAlerts> = {},
  regions: readonly string[] = [],
) {
  const version = (at: 0 | 1): ComparedAlerts["champion"] => ({
    scores: Float64Array.from(pairs, (pair) => pair[at]),
    contract: { features: [], text: null, classes: { risk: "yes", other: "no" }, bands: { high: 0.4, medium: 0.2 } },
  });
  const supplierIds = pairs.map((_, i) => `S${i}`);
  const openAlerts = { suppliers: new Set(supplierIds), text: "open alerts", limits: [ALL], ...over };
  return alertChanges({
    ...{ champion: version(0), challenger: version(1), supplierIds, openAlerts },
    newest: Uint32Array.from(pairs.keys()),
    scopeOf: (row) => ({ region: regions[row] ?? "", category: "" }),
  });
}

test("an alert that the score rule would clear closes, also when the supplier stays in the band high", () => {
  expect(changesOf([[0.75, 0.45]])).toMatchObject({ open: 1, closed: 1, opened: 0 });
  // Between the limits, an alert stays open.
  expect(changesOf([[0.75, 0.55]])).toMatchObject({ open: 1, closed: 0 });
  // Without limits, only the bands are compared.
  expect(changesOf([[0.75, 0.45]], { limits: [] })).toMatchObject({ closed: 0 });
  expect(changesOf([[0.75, 0.35]], { limits: [] })).toMatchObject({ closed: 1 });
});

test("a supplier without an alert gets one when only the challenger reaches the raise limit", () => {
  const none = { suppliers: new Set<string>() };
  expect(changesOf([[0.6, 0.7]], none)).toMatchObject({ open: 0, opened: 1 });
  expect(changesOf([[0.6, 0.69]], none)).toMatchObject({ opened: 0 });
  expect(changesOf([[0.3, 0.45]], none)).toMatchObject({ opened: 1 });
  expect(changesOf([[Number.NaN, 0.9]], none)).toMatchObject({ opened: 1 });
});

test("each supplier has the limits of the set that applies to it; the set without a scope applies to the others", () => {
  const limits = [ALL, { regions: ["EU"], categories: [], raise: 0.95, clear: 0.9 }];
  const pairs = [
    [0.92, 0.85],
    [0.92, 0.85],
  ] as const;
  expect(changesOf(pairs, { limits }, ["EU", "US"])).toMatchObject({ open: 2, closed: 1 });
  expect(changesOf(pairs, { limits: limits.slice(1) }, ["US", "US"])).toMatchObject({ open: 2, closed: 0 });
});

test("alerts that are not known stay unknown, and those of suppliers whom neither version flags do not change", () => {
  expect(changesOf([[0.9, 0.9]], { suppliers: null })).toBeNull();
  expect(changesOf([[0.1, 0.2]])?.text).toBe(
    "open alerts, by band high and the limits of the alert rules; neither version flags 1 of them on these rows",
  );
});

test("the limits are those of the model's own active sets, or of the default model", () => {
  const set = (modelName: string, alertThreshold?: number) =>
    create(RuleSetSchema, { modelName, ...(alertThreshold !== undefined && { alertThreshold, clearThreshold: 0.5 }) });
  const sets = [set("main", 0.7), set("main"), set("late", 0.6)];
  expect(alertLimitsOf(sets, "late").map(({ raise }) => raise)).toEqual([0.6]);
  expect(alertLimitsOf(sets, "other").map(({ raise }) => raise)).toEqual([0.7]);
  // An older ops-service sends no limits.
  expect(alertLimitsOf([set("main")], "main")).toEqual([]);
});
