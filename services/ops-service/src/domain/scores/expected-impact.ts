import { CRITICALITIES, type Criticality, type ImpactPolicy } from "@bellwether/config/risk-policy";

/** The formula with which the impacts of a run were computed. It is stored with the run. */
export type ImpactFormula = ImpactPolicy;

/** What the expected impact of a supplier is computed from. */
export interface ImpactInput {
  /** Calibrated score, in [0, 1]. NaN: the band is UNKNOWN. */
  readonly riskScore: number;
  /** Exposure in the currency of the formula, see `exposureIn`. Null: not known. */
  readonly exposure: number | null;
  /** Null: not set, so the weight is that of "normal". */
  readonly criticality: Criticality | null;
}

/**
 * Returns the expected impact: score × exposure × weight of the criticality. Without a known exposure it is
 * computed with the formula's `unknownExposure`, only to order the supplier. -1 without a score.
 */
export function expectedImpact({ riskScore, exposure, criticality }: ImpactInput, formula: ImpactFormula): number {
  if (Number.isNaN(riskScore)) return -1;
  return riskScore * (exposure ?? formula.unknownExposure) * formula.weights[criticality ?? "normal"];
}

/**
 * Converts an exposure to the currency of the formula. Null: the exposure is not known, or its currency has no
 * exchange rate.
 * @param currency ISO 4217 code. Empty: the currency of the formula.
 */
export function exposureIn(
  { currency: own, exchangeRates }: Pick<ImpactFormula, "currency" | "exchangeRates">,
  exposure: number | null,
  currency: string,
): number | null {
  if (exposure === null) return null;
  if (currency === "" || currency === own) return exposure;
  const rate = Object.hasOwn(exchangeRates, currency) ? exchangeRates[currency] : undefined;
  return rate === undefined ? null : exposure * rate;
}

/** Returns the formula in one line, for a person. */
export function formulaText({ currency, weights }: ImpactFormula): string {
  const named = CRITICALITIES.map((level) => `${level} ${weights[level]}`).join(", ");
  return `risk score × exposure (${currency}) × criticality weight (${named})`;
}

/** Whether two runs have impacts that can be compared. Null: the formula of a release before this one. */
export function isSameFormula(a: ImpactFormula | null, b: ImpactFormula | null): boolean {
  if (a === null || b === null) return a === b;
  const rates = ({ exchangeRates }: ImpactFormula): string =>
    JSON.stringify(Object.entries(exchangeRates).sort(([x], [y]) => (x < y ? -1 : 1)));
  return (
    a.currency === b.currency &&
    CRITICALITIES.every((level) => a.weights[level] === b.weights[level]) &&
    rates(a) === rates(b)
  );
}

/** Returns the criticality of a number in the database. Null: 0, not set. */
export function criticalityFromNumber(number: number): Criticality | null {
  return CRITICALITIES[number - 1] ?? null;
}

/** Returns the number of a criticality in the database, equal to that of bellwether.ops.v1.Criticality. */
export function criticalityNumber(criticality: Criticality | null): number {
  return criticality === null ? 0 : CRITICALITIES.indexOf(criticality) + 1;
}
