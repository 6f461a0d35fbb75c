// A page that scores two suppliers, explains one, reads the first changes of alerts, and runs the present week. The
// listeners must allow its origin: BELLWETHER_WEB_ORIGINS=http://localhost:5173.
//
// The query names other web listeners than those of `npm start`: ?ml=URL&ops=URL&scheduler=URL.
import { connect, serviceError } from "@bellwether/client";
import { InferenceService } from "@bellwether/client/bellwether/inference/v1/inference_service_pb";
import { BandSchema } from "@bellwether/client/bellwether/inference/v1/score_pb";
import { AlertService } from "@bellwether/client/bellwether/ops/v1/alert_service_pb";
import { RunState, RunStateSchema } from "@bellwether/client/bellwether/ops/v1/batch_pb";
import { ScheduleService } from "@bellwether/client/bellwether/schedule/v1/schedule_service_pb";

const query = new URLSearchParams(location.search);
const inference = connect(InferenceService, query.get("ml") ?? "http://localhost:8081");
const alerts = connect(AlertService, query.get("ops") ?? "http://localhost:8080");
const schedules = connect(ScheduleService, query.get("scheduler") ?? "http://localhost:8082");

/** Values of the features: of ACME, and of BETA. */
const FEATURES: Readonly<Record<string, readonly [number, number]>> = {
  past_disputes: [7, 0],
  late_ratio: [0.45, 0.02],
  avg_delay: [38, 1],
  delivery_score: [71, 96],
  avg_payment_delay_days: [51, 5],
  financial_stability_index: [0.42, 0.9],
  dispute_rate: [0.2, 0],
  clause_risk_score: [55, 10],
};
const bandName = (band: number): string => BandSchema.value[band]?.name ?? String(band);
const show = (line: string): void => document.getElementById("lines")?.append(`${line}\n`);

async function run(): Promise<void> {
  const supplier = {
    supplierId: "ACME",
    features: Object.fromEntries(Object.entries(FEATURES).map(([name, [acme]]) => [name, acme])),
  };
  const { score } = await inference.predict({ supplier });
  show(`score: ACME ${score?.riskScore?.toFixed(3)} ${bandName(score?.band ?? 0)}`);

  const supplierIds = ["ACME", "BETA"];
  const numbers = Object.entries(FEATURES).map(([name, values]) => ({ name, values: [...values] }));
  const { riskScores, bands } = await inference.predictBatch({ supplierIds, numbers });
  // Scores are float64, little-endian. The bytes may begin at any offset of their buffer.
  const scores = new DataView(riskScores.buffer, riskScores.byteOffset);
  const rows = supplierIds.map(
    (id, row) => `${id} ${scores.getFloat64(8 * row, true).toFixed(3)} ${bandName(bands[row] ?? 0)}`,
  );
  show(`batch: ${rows.join(", ")}`);

  for await (const { part } of inference.explain({ supplier })) {
    if (part.case !== "contributions") continue;
    const largest = part.value.contributions
      .slice(0, 3)
      .map(({ feature, contribution }) => `${feature} ${contribution < 0 ? "" : "+"}${contribution.toFixed(2)}`);
    show(`explain: ${largest.join(", ")}`);
  }

  // afterSequence 0: from the first change of an alert. Without it, a watch begins now. The signal ends the watch.
  const watch = new AbortController();
  for await (const change of alerts.watchAlerts({ afterSequence: 0n }, { signal: watch.signal })) {
    if (change.alerts.length === 0) continue;
    show(`alerts: ${change.alerts.length} changed, up to sequence ${change.sequence}`);
    break;
  }
  watch.abort();

  const { jobId } = await schedules.triggerRun({ scheduleId: "weekly" });
  let progress = { isoWeek: "", state: RunState.RUNNING, rowsScored: 0n, runId: 0 };
  while (progress.state === RunState.RUNNING) {
    try {
      // A message without a state only keeps the connection open.
      for await (const message of schedules.watchProgress({ jobId }))
        if (message.state !== RunState.UNSPECIFIED) progress = message;
    } catch (error) {
      // The server ends each connection after half an hour: open the watch again.
      if (serviceError(error).reason !== "CONNECTION_AGE") throw error;
    }
  }
  const { isoWeek, state, rowsScored, runId } = progress;
  show(`run: ${isoWeek} ${RunStateSchema.value[state]?.name}, ${rowsScored} rows, run ${runId}`);
}

run().catch((error: unknown) => {
  const { reason, message } = serviceError(error);
  show(`failed: ${reason} ${message}`);
});
