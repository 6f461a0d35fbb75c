import { ValueType } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { BOUNDS_S, type RpcSide, rpcSeries } from "./rpc-metrics.ts";

/**
 * Passes the durations that `createRpcDurations` counted to OpenTelemetry's metric readers, always as
 * cumulative values.
 */
export const rpcMetricProducer: MetricProducer = {
  async collect() {
    const metrics = (["server", "client"] as const).map(durations).filter(({ dataPoints }) => dataPoints.length > 0);
    // Readers replace this resource by their own.
    const resourceMetrics = {
      resource: emptyResource(),
      scopeMetrics: metrics.length > 0 ? [{ scope: { name: "bellwether.rpc" }, metrics }] : [],
    };
    return { resourceMetrics, errors: [] };
  },
};

function durations(side: RpcSide): HistogramMetricData {
  const now = Date.now();
  return {
    descriptor: {
      name: `rpc.${side}.call.duration`,
      description: `Duration of RPCs, seen by the ${side}.`,
      unit: "s",
      valueType: ValueType.DOUBLE,
    },
    dataPointType: DataPointType.HISTOGRAM,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: rpcSeries(side).map(({ attributes, since, counts, count, sum, min, max }) => ({
      attributes,
      startTime: since,
      endTime: [Math.floor(now / 1_000), (now % 1_000) * 1_000_000],
      value: { buckets: { boundaries: [...BOUNDS_S], counts: [...counts] }, count, sum, min, max },
    })),
  };
}
