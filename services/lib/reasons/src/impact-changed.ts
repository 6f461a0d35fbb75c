/** What a message of a supplier says about its expected impact. */
export interface ImpactNow {
  /** Exposure and criticality now. */
  readonly exposure?: number | undefined;
  readonly exposureCurrency: string;
  readonly criticality: number;
  readonly latestScore?:
    | { readonly riskScore?: number | undefined; readonly impact?: number | undefined; readonly exposureKnown: boolean }
    | undefined;
}

/** The formula of the run. */
export interface ImpactFormula {
  readonly currency: string;
  readonly weights: readonly { readonly criticality: number; readonly weight: number }[];
}

/** Weight of a supplier without a criticality. */
const NORMAL = 2;

/**
 * Whether the expected impact of the run does not follow from the exposure and the criticality of now: they were changed after it.
 * False also when the exposure has another currency: then the two cannot be compared.
 */
export function impactChanged(
  { exposure, exposureCurrency, criticality, latestScore }: ImpactNow,
  { currency, weights }: ImpactFormula,
): boolean {
  const { riskScore, impact, exposureKnown } = latestScore ?? {};
  if (exposure === undefined || riskScore === undefined) return false;
  if (impact === undefined) return !exposureKnown;
  const weight = weights.find((one) => one.criticality === (criticality || NORMAL))?.weight;
  return (
    weight !== undefined &&
    exposureCurrency === currency &&
    Math.abs(riskScore * exposure * weight - impact) > impact / 1e3
  );
}
