import { type ServiceName, type ServiceProcess, startService } from "@bellwether/testing/service-process";

/** Returns the environment of a process that records every trace and sends it to `collectorUrl`. */
export function tracedTo(collectorUrl: string): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl, OTEL_TRACES_SAMPLER: "always_on" };
}

/**
 * Starts a service with its audit log on. It records every trace and sends it to `collectorUrl`; `output()`
 * has its log.
 */
export function startTraced(
  name: ServiceName,
  collectorUrl: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const variables = { ...tracedTo(collectorUrl), BELLWETHER_AUDIT_SINK: "ops", BELLWETHER_LOG_LEVEL: "debug", ...env };
  return startService(name, variables, { stdout: "collect" });
}
