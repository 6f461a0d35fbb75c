import type { PerformanceFigure } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";

/** Returns a figure with its interval: "0.842 (0.790 to 0.884)", "0.842" without one, "–" when it is not determined. */
export function figureText(figure: PerformanceFigure | undefined, isSigned = false): string {
  const text = (value: number): string => (isSigned && value > 0 ? `+${value.toFixed(3)}` : value.toFixed(3));
  const { value, low, high } = figure ?? {};
  if (value === undefined) return "–";
  return low === undefined || high === undefined ? text(value) : `${text(value)} (${text(low)} to ${text(high)})`;
}
