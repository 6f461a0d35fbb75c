import { countText } from "@bellwether/reasons/count-text";
import type { CalibratedModel } from "./calibrate-model.ts";

const KINDS = {
  none: "none",
  intercept: "a constant added to the log-odds",
  platt: "Platt",
  isotonic: "isotonic",
} as const;

/**
 * Describes a calibration in one or two sentences: kind, rows, slope, and the curves that were rejected
 * before.
 */
export function calibrationLine({ calibration, from, rows, positives, slope, rejected }: CalibratedModel): string {
  const certain = slope === null ? "" : `, slope ${slope.value.toFixed(2)} (95 %: ${interval(slope.interval)})`;
  const tried = rejected.map(
    (curve) =>
      ` Rejected ${curve.from}: slope ${curve.slope.toFixed(3)} (95 %: ${interval(curve.interval)}) is not clearly above 0.`,
  );
  return `${KINDS[calibration.kind]}, ${from}, ${countText(rows, "row")}, ${positives} positive${certain}.${tried.join("")}`;
}

const interval = ([low, high]: readonly [number, number]): string =>
  Number.isFinite(low) ? `${low.toFixed(2)} to ${high.toFixed(2)}` : "unknown";
