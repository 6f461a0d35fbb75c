import { GetWeekResponseSchema } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { moneyChange } from "./money-change.ts";
import { weekCsv } from "./week-csv.ts";

const week = (init: MessageInitShape<typeof GetWeekResponseSchema>) => create(GetWeekResponseSchema, init);

test("every row has all columns, and a name cannot run as a formula", () => {
  const csv = weekCsv(
    week({
      ...{ isoWeek: "2026-W47", modelName: "m", moneyAtRisk: { amount: 10 }, alerts: { raised: 3n } },
      risers: [{ supplierId: "S-1", name: "=1+1", riskScore: 0.9, change: 0.2, impact: 5 }],
    }),
  );
  const rows = csv.trimEnd().split("\r\n");
  expect(new Set(rows.map((row) => row.split(",").length))).toEqual(new Set([9]));
  expect(rows).toContain("2026-W47,m,alerts new,3,,,,,");
  expect(rows.at(-1)).toBe("2026-W47,m,riser,0.9,,S-1,'=1+1,0.2,5");
});

test("amounts of two formulas, or without a week before, are not compared", () => {
  const amounts = { moneyAtRisk: { amount: 10 }, previousMoneyAtRisk: { amount: 4 } };
  expect(moneyChange(week(amounts))).toBe(6);
  expect(moneyChange(week({ ...amounts, impactFormulaChanged: true }))).toBeUndefined();
  expect(moneyChange(week({ moneyAtRisk: { amount: 10 } }))).toBeUndefined();
});
