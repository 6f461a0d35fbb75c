import { metrics } from "@opentelemetry/api";
import type { AdmissionPolicy } from "./admission.ts";

/**
 * Reports the calls of an admission policy as the gauge `bellwether.rpc.calls`, one value for each state: `in_flight` calls have
 * a slot, `queued` calls wait for one, `open_ended` calls are watches. Returns a function that ends the reports.
 */
export function reportAdmission(load: AdmissionPolicy["load"]): () => void {
  const gauge = metrics.getMeter("bellwether.mesh").createObservableGauge("bellwether.rpc.calls", {
    unit: "{call}",
    description:
      "Calls that this server holds now: in_flight (with a slot), queued (waiting for one), open_ended (watches).",
  });
  const observe: Parameters<typeof gauge.addCallback>[0] = (result) => {
    const { inFlight, queued, openEnded } = load();
    result.observe(inFlight, { state: "in_flight" });
    result.observe(queued, { state: "queued" });
    result.observe(openEnded, { state: "open_ended" });
  };
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
}
