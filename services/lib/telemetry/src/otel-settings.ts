import { type EnvOf, type EnvSource, env, readEnv } from "@bellwether/env/env";

const READERS = {
  disabled: env.flag("OTEL_SDK_DISABLED", false),
  endpoint: env.optional(env.url("OTEL_EXPORTER_OTLP_ENDPOINT", ["http", "https"])),
  tracesEndpoint: env.optional(env.url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ["http", "https"])),
  metricsEndpoint: env.optional(env.url("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", ["http", "https"])),
  protocol: env.choice("OTEL_EXPORTER_OTLP_PROTOCOL", ["http/protobuf", "grpc"], "http/protobuf"),
  sampler: env.choice(
    "OTEL_TRACES_SAMPLER",
    [
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ],
    "parentbased_always_on",
  ),
  samplerRatio: env.number("OTEL_TRACES_SAMPLER_ARG", { min: 0, max: 1 }, 1),
  metricIntervalMs: env.integer("OTEL_METRIC_EXPORT_INTERVAL", { min: 100, max: 3_600_000, unit: "ms" }, 60_000),
};

/** The settings in the OTEL_* variables. */
export interface OtelSettings {
  /** OTEL_SDK_DISABLED: no span is recorded and nothing leaves the process; metrics for Prometheus remain. */
  readonly disabled: boolean;
  /**
   * Share of new traces that are recorded, in [0, 1]; 0 when no traces are exported. A caller's sampling
   * decision is always followed.
   */
  readonly sampleRatio: number;
  readonly protocol: "http/protobuf" | "grpc";
  readonly exportTraces: boolean;
  readonly exportMetrics: boolean;
  readonly metricIntervalMs: number;
}

/**
 * Reads the OTEL_* variables that decide what is exported. The OTLP exporters themselves read endpoint,
 * headers, timeout and certificates. Without an endpoint nothing is exported, and metrics are available to
 * Prometheus only.
 * @throws EnvError
 */
export function readOtelSettings(source: EnvSource): OtelSettings {
  const read = readEnv(source, READERS);
  const exportTraces = !read.disabled && (read.tracesEndpoint ?? read.endpoint) !== null;
  const exportMetrics = !read.disabled && (read.metricsEndpoint ?? read.endpoint) !== null;
  const { disabled, protocol, metricIntervalMs } = read;
  return {
    disabled,
    protocol,
    exportTraces,
    exportMetrics,
    metricIntervalMs,
    sampleRatio: exportTraces ? ratioOf(read) : 0,
  };
}

function ratioOf({ sampler, samplerRatio }: Pick<EnvOf<typeof READERS>, "sampler" | "samplerRatio">): number {
  if (sampler.endsWith("always_on")) return 1;
  return sampler.endsWith("always_off") ? 0 : samplerRatio;
}
