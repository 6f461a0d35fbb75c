import { metrics } from "@opentelemetry/api";
import type { ServingReport } from "./serving-report.ts";

/**
 * Reports the state of registry and champions as metrics, until it is disposed.
 * @param defaultModel its champion has no label
 */
export function reportServing(report: () => ServingReport, defaultModel: string): Disposable {
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
  const observeServed: Parameters<typeof served.addCallback>[0] = (result) => {
    for (const [model, isServed] of report().isChampionServed)
      result.observe(isServed ? 1 : 0, model === defaultModel ? {} : { model });
  };
  readable.addCallback(observeReadable);
  served.addCallback(observeServed);
  return {
    [Symbol.dispose]() {
      readable.removeCallback(observeReadable);
      served.removeCallback(observeServed);
    },
  };
}
