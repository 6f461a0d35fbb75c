// Scores two suppliers, explains one, reads the first changes of alerts, and runs the present week.
//
// ML_URL, OPS_URL and SCHEDULER_URL name other web listeners than those of `npm start`, BELLWETHER_TOKEN a token or an API key.
import { connect, serviceError } from "@bellwether/client";
import { InferenceService } from "@bellwether/client/bellwether/inference/v1/inference_service_pb";
import { Band, BandSchema } from "@bellwether/client/bellwether/inference/v1/score_pb";
import { AlertService } from "@bellwether/client/bellwether/ops/v1/alert_service_pb";
import { RunState, RunStateSchema } from "@bellwether/client/bellwether/ops/v1/batch_pb";
import { ScheduleService } from "@bellwether/client/bellwether/schedule/v1/schedule_service_pb";

const { ML_URL, OPS_URL, SCHEDULER_URL, BELLWETHER_TOKEN: token } = process.env;
const options = token === undefined ? {} : { token };
const inference = connect(InferenceService, ML_URL ?? "http://localhost:8081", options);
const alerts = connect(AlertService, OPS_URL ?? "http://localhost:8080", options);
const schedules = connect(ScheduleService, SCHEDULER_URL ?? "http://localhost:8082", options);

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

const supplier = {
  supplierId: "ACME",
  features: Object.fromEntries(Object.entries(FEATURES).map(([name, [acme]]) => [name, acme])),
};
const { score } = await inference.predict({ supplier });
console.log(`score: ACME ${score?.riskScore?.toFixed(3)} ${bandName(score?.band ?? Band.UNSPECIFIED)}`);

const supplierIds = ["ACME", "BETA"];
const numbers = Object.entries(FEATURES).map(([name, values]) => ({ name, values: [...values] }));
const batch = await inference.predictBatch({ supplierIds, numbers });
// Scores are float64, little-endian. The bytes may begin at any offset of their buffer.
const scores = new DataView(batch.riskScores.buffer, batch.riskScores.byteOffset);
const rows = supplierIds.map(
  (id, row) => `${id} ${scores.getFloat64(8 * row, true).toFixed(3)} ${bandName(batch.bands[row] ?? 0)}`,
);
console.log(`batch: ${rows.join(", ")}`);

for await (const { part } of inference.explain({ supplier })) {
  if (part.case !== "contributions") continue;
  const largest = part.value.contributions
    .slice(0, 3)
    .map(({ feature, contribution }) => `${feature} ${contribution < 0 ? "" : "+"}${contribution.toFixed(2)}`);
  console.log(`explain: ${largest.join(", ")}`);
}

// With afterSequence 0, the watch begins with the first change of any alert. Without afterSequence, it begins now. The
// signal ends the watch.
const watch = new AbortController();
for await (const change of alerts.watchAlerts({ afterSequence: 0n }, { signal: watch.signal })) {
  if (change.alerts.length === 0) continue;
  console.log(`alerts: ${change.alerts.length} changed, up to sequence ${change.sequence}`);
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
console.log(`run: ${isoWeek} ${RunStateSchema.value[state]?.name}, ${rowsScored} rows, run ${runId}`);
