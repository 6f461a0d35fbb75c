import { type CsvValue, csvOf } from "@bellwether/contract/csv-cell";
import type { GetWeekResponse, Mover } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { BAND_WORDS, wordOf } from "../parts/words.ts";
import { moneyChange } from "./money-change.ts";

/** Returns the summary of a week as CSV: one number in each row, then the suppliers that changed most. */
export function weekCsv(week: GetWeekResponse): string {
  const { isoWeek, modelName, moneyAtRisk, impactFormula, alerts, bands, risers, fallers } = week;
  const rows: (readonly CsvValue[])[] = [
    ["money at risk", moneyAtRisk?.amount, impactFormula?.currency],
    ["change of money at risk", moneyChange(week), impactFormula?.currency],
    ["suppliers without exposure", moneyAtRisk?.suppliersWithoutExposure],
    ["suppliers", week.suppliers],
    ["incomplete suppliers", week.incompleteSuppliers],
    ...bands.map(({ band, suppliers }) => [`suppliers with band ${wordOf(BAND_WORDS, band)}`, suppliers] as const),
    ["alerts new", alerts?.raised],
    ["alerts worse", alerts?.worse],
    ["alerts better", alerts?.better],
    ["alerts cleared", alerts?.cleared],
    ["alerts snoozed", alerts?.snoozed],
    ["alerts decided", alerts?.resolved],
    ...risers.map((mover) => moverRow("riser", mover, week)),
    ...fallers.map((mover) => moverRow("faller", mover, week)),
  ];
  const width = 7;
  return csvOf([
    ["week", "model", "what", "value", "unit", "supplier_id", "supplier_name", "change", "expected_loss"],
    ...rows.map((row) => [isoWeek, modelName, ...row, ...Array<undefined>(Math.max(0, width - row.length))]),
  ]);
}

function moverRow(what: string, mover: Mover, { impactFormula }: GetWeekResponse): readonly CsvValue[] {
  const { supplierId, name, riskScore, change, impact } = mover;
  return [what, riskScore, impactFormula?.currency, supplierId, name, change, impact];
}
