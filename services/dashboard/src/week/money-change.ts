import type { GetWeekResponse } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";

/**
 * Returns the change of the money at risk since the week before. Undefined: there is no week before, or the two
 * amounts cannot be compared.
 */
export function moneyChange(
  week: Pick<GetWeekResponse, "impactFormulaChanged"> & {
    readonly moneyAtRisk?: { readonly amount: number } | undefined;
    readonly previousMoneyAtRisk?: { readonly amount: number } | undefined;
  },
): number | undefined {
  const { moneyAtRisk, previousMoneyAtRisk, impactFormulaChanged } = week;
  if (!moneyAtRisk || !previousMoneyAtRisk || impactFormulaChanged) return undefined;
  return moneyAtRisk.amount - previousMoneyAtRisk.amount;
}
