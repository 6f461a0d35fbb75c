import { metrics } from "@opentelemetry/api";
import type { ServingReport } from "./serving-report.ts";

/** Reports the state of registry and champion as metrics, until it is disposed. */
export function reportServing(report: () => ServingReport): Disposable {
  const meter = metrics.getMeter("bellwether.registry");
  const readable = meter.createObservableGauge("bellwether.registry.readable", {
    description:
      "1: the model registry was read at the last attempt. 0: it could not be read; the champion is served on.",
  });
  const served = meter.createObservableGauge("bellwether.model.champion_served", {
    description: "1: the version of the champion alias is served. 0: it was rejected, or the alias cannot be read.",
  });
  const observeReadable: Parameters<typeof readable.addCallback>[0] = (result) =>
    result.observe(report().isRegistryReadable ? 1 : 0);
  const observeServed: Parameters<typeof served.addCallback>[0] = (result) =>
    result.observe(report().isChampionServed ? 1 : 0);
  readable.addCallback(observeReadable);
  served.addCallback(observeServed);
  return {
    [Symbol.dispose]() {
      readable.removeCallback(observeReadable);
      served.removeCallback(observeServed);
    },
  };
}
