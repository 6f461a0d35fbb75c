import { ValueType } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { BOUNDS_S, type DurationHistogram, durationHistograms } from "./counted-durations.ts";

/**
 * Passes the durations that `durationSeries` counted to OpenTelemetry's metric readers, always as
 * cumulative values.
 */
export const rpcMetricProducer: MetricProducer = {
  async collect() {
    const metrics = durationHistograms().map(metricData);
    // Readers replace this resource by their own.
    const resourceMetrics = {
      resource: emptyResource(),
      scopeMetrics: metrics.length > 0 ? [{ scope: { name: "bellwether.rpc" }, metrics }] : [],
    };
    return { resourceMetrics, errors: [] };
  },
};

function metricData({ name, description, series }: DurationHistogram): HistogramMetricData {
  const now = Date.now();
  return {
    descriptor: { name, description, unit: "s", valueType: ValueType.DOUBLE },
    dataPointType: DataPointType.HISTOGRAM,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: series.map(({ attributes, since, counts, count, sum, min, max }) => ({
      attributes,
      startTime: since,
      endTime: [Math.floor(now / 1_000), (now % 1_000) * 1_000_000],
      value: { buckets: { boundaries: [...BOUNDS_S], counts: [...counts] }, count, sum, min, max },
    })),
  };
}
