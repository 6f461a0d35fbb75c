import type { ModelStatisticsSchema } from "@bellwether/gen/inference/grpc_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";

/** Durations of the parts of one request, ms. */
export interface InferTimes {
  readonly inputMs: number;
  readonly inferMs: number;
  readonly outputMs: number;
}

/** Counts of the requests by model and version, since the process started. */
export interface InferStatistics {
  success(model: string, version: string, rows: number, times: InferTimes): void;
  fail(model: string, version: string, ms: number): void;
  /** Returns the counts of the versions that were used; `version` "" means all of them. */
  read(model: string, version: string): MessageInitShape<typeof ModelStatisticsSchema>[];
}

/**
 * Maximum number of versions with counts. If there are more, the counts of the least recently used version are
 * removed.
 */
const MAX_VERSIONS = 64;

interface Sum {
  count: bigint;
  ns: bigint;
}

interface Counts {
  readonly model: string;
  readonly version: string;
  lastMs: number;
  rows: bigint;
  readonly success: Sum;
  readonly fail: Sum;
  readonly input: Sum;
  readonly infer: Sum;
  readonly output: Sum;
}

const newSum = (): Sum => ({ count: 0n, ns: 0n });

function add(sum: Sum, ms: number): void {
  sum.count++;
  sum.ns += BigInt(Math.round(ms * 1e6));
}

/** @param now Time in milliseconds since 1970. */
export function createInferStatistics(now: () => number = Date.now): InferStatistics {
  const versions = new Map<string, Counts>();
  const countsOf = (model: string, version: string): Counts => {
    const key = `${model}/${version}`;
    const counts = versions.get(key) ?? {
      ...{ model, version, lastMs: 0, rows: 0n, success: newSum(), fail: newSum() },
      ...{ input: newSum(), infer: newSum(), output: newSum() },
    };
    versions.delete(key);
    versions.set(key, counts);
    const [oldest] = versions.keys();
    if (versions.size > MAX_VERSIONS && oldest !== undefined) versions.delete(oldest);
    return counts;
  };
  return {
    success(model, version, rows, { inputMs, inferMs, outputMs }) {
      const counts = countsOf(model, version);
      counts.lastMs = now();
      counts.rows += BigInt(rows);
      add(counts.success, inputMs + inferMs + outputMs);
      add(counts.input, inputMs);
      add(counts.infer, inferMs);
      add(counts.output, outputMs);
    },
    fail(model, version, ms) {
      add(countsOf(model, version).fail, ms);
    },
    read: (model, version) =>
      [...versions.values()]
        .filter((counts) => counts.model === model && (version === "" || counts.version === version))
        .map((counts) => ({
          name: counts.model,
          version: counts.version,
          lastInference: BigInt(counts.lastMs),
          inferenceCount: counts.rows,
          executionCount: counts.success.count,
          inferenceStats: {
            success: { ...counts.success },
            fail: { ...counts.fail },
            computeInput: { ...counts.input },
            computeInfer: { ...counts.infer },
            computeOutput: { ...counts.output },
          },
        })),
  };
}
