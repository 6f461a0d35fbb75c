import { MATRIX_BANDS } from "@bellwether/scoring/comparison/compared-row";
import { SUM, SUMS } from "@bellwether/scoring/comparison/comparison-sums";
import { metrics } from "@opentelemetry/api";
import type { ShadowReport } from "./shadow.ts";
import type { PairReport } from "./shadow-records.ts";

/**
 * Reports what a shadow compares as metrics, by pair of versions, until it is disposed. A replica keeps at most four pairs of a model.
 * @param ofModel labels of all figures: that of the model, none for the default model
 */
export function reportShadow(report: () => ShadowReport, ofModel: { readonly model?: string }): Disposable {
  const meter = metrics.getMeter("bellwether.shadow");
  const rows = meter.createObservableCounter("bellwether.shadow.rows", {
    description:
      "Rows of the chosen suppliers by outcome: compared, rejected by the challenger, failed, or the reason for which they were dropped.",
  });
  const shift = meter.createObservableGauge("bellwether.shadow.score_shift", {
    description: "Mean of the score of the challenger minus that of the champion, since the process started.",
  });
  const changed = meter.createObservableGauge("bellwether.shadow.bands_changed", {
    description: "Share of the compared rows with another band, since the process started.",
  });
  const waiting = meter.createObservableGauge("bellwether.shadow.waiting_rows", {
    description: "Rows that wait for the challenger.",
  });
  const observed = [rows, shift, changed, waiting];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const { pairs, waiting: now } = report();
    result.observe(waiting, now, ofModel);
    for (const pair of pairs) {
      const labels = { ...ofModel, champion: pair.champion.version, challenger: pair.challenger.version };
      const means = meansOf(pair);
      result.observe(rows, means.rows, { ...labels, outcome: "compared" });
      const rejected = pair.rejected.reduce((sum, { rows: count }) => sum + count, 0);
      result.observe(rows, rejected, { ...labels, outcome: "rejected" });
      result.observe(rows, pair.failed, { ...labels, outcome: "failed" });
      for (const [outcome, count] of pair.dropped) result.observe(rows, count, { ...labels, outcome });
      if (means.shift !== null) result.observe(shift, means.shift, labels);
      if (means.changed !== null) result.observe(changed, means.changed, labels);
    }
  };
  meter.addBatchObservableCallback(observe, observed);
  return { [Symbol.dispose]: () => meter.removeBatchObservableCallback(observe, observed) };
}

/** Returns what the metrics need of the sums, without the intervals. */
function meansOf({ sums: { groups } }: PairReport): { rows: number; shift: number | null; changed: number | null } {
  const bands = MATRIX_BANDS.length;
  let [rows, same, valued, shift] = [0, 0, 0, 0];
  for (let base = 0; base < groups.length; base += SUMS) {
    valued += groups[base + SUM.valued] as number;
    shift += groups[base + SUM.shift] as number;
    for (let cell = 0; cell < bands * bands; cell++) {
      const count = groups[base + SUM.matrix + cell] as number;
      rows += count;
      if (Math.floor(cell / bands) === cell % bands) same += count;
    }
  }
  return { rows, shift: valued > 0 ? shift / valued : null, changed: rows > 0 ? (rows - same) / rows : null };
}
