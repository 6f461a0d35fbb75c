import { limits as limitsOption } from "@bellwether/gen/bellwether/policy/v1/limits_pb";
import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { methodPath, streamsIn, streamsOut } from "./method.ts";

/** The limits of one call of an RPC. */
export interface CallLimits {
  /** Maximum size of a request message in bytes, after decompression. */
  readonly maxRequestBytes: number;
  /** Deadline of a call whose client set none; Infinity: no deadline. */
  readonly defaultTimeoutMs: number;
  /** Maximum deadline: a later deadline of a client is reduced to it; Infinity: no maximum. */
  readonly maxTimeoutMs: number;
  /** Whether the RPC is a stream that lasts until either side ends it. */
  readonly openEnded: boolean;
}

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const UNARY_TIMEOUT_MS = 2_000;
const STREAM_TIMEOUT_MS = 60_000;
const MAX_UNARY_TIMEOUT_MS = 60_000;
const MAX_STREAM_TIMEOUT_MS = 600_000;

/**
 * Maximum request of health and reflection: enough for the name of a service or symbol, and no more, because
 * anybody may call them.
 */
const MAX_PROBE_REQUEST_BYTES = 4 * 1024;

/** Upper bound for every RPC: the server holds several copies of a whole message in memory. */
const LARGEST_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * Size of JSON relative to the binary message: Base64 adds a third to the bytes, and names and quotes add
 * more.
 */
export const JSON_OVERHEAD = 1.5;

/** Whether an RPC answers under any load and for any caller: health and reflection. */
export function isProbe(method: DescMethod): boolean {
  return /^grpc\.(health|reflection)\./.test(method.parent.typeName);
}

/**
 * RPCs of vendored contracts, which cannot carry this project's options. Both are streams that last until the
 * client ends them.
 */
const OPEN_ENDED = new Set([
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
]);

/** Limits of RPCs of vendored contracts that need others than the defaults: a batch, as PredictBatch has it. */
const VENDORED: Readonly<Record<string, Pick<CallLimits, "maxRequestBytes" | "defaultTimeoutMs" | "maxTimeoutMs">>> = {
  "/inference.GRPCInferenceService/ModelInfer": {
    maxRequestBytes: 16 * 1024 * 1024,
    defaultTimeoutMs: 60_000,
    maxTimeoutMs: 600_000,
  },
};

/**
 * Returns the limits of an RPC: its `bellwether.policy.v1.limits` option, else the defaults (4 MiB, health
 * and reflection 4 KiB; 2 s for unary RPCs, 60 s for streams; client deadlines up to 60 s for unary RPCs, 600
 * s for streams).
 * @throws Error when the option contradicts itself: an error of the contract, found at start
 */
export function callLimits(method: DescMethod): CallLimits {
  const path = methodPath(method);
  const vendored = VENDORED[path];
  if (vendored !== undefined) return { ...vendored, openEnded: false };
  const stated = hasOption(method, limitsOption) ? getOption(method, limitsOption) : undefined;
  const maxRequestBytes = stated?.maxRequestBytes || (isProbe(method) ? MAX_PROBE_REQUEST_BYTES : MAX_REQUEST_BYTES);
  if (maxRequestBytes > LARGEST_REQUEST_BYTES) {
    throw new Error(`${path}: max_request_bytes is ${maxRequestBytes}, expected at most ${LARGEST_REQUEST_BYTES}`);
  }
  const streams = streamsIn(method) || streamsOut(method);
  if (stated?.openEnded && (!streams || stated.defaultTimeoutMs > 0 || stated.maxTimeoutMs > 0)) {
    throw new Error(`${path}: open_ended is for streaming RPCs without default_timeout_ms and max_timeout_ms`);
  }
  if (stated?.openEnded || OPEN_ENDED.has(path)) {
    const never = Number.POSITIVE_INFINITY;
    return { maxRequestBytes, defaultTimeoutMs: never, maxTimeoutMs: never, openEnded: true };
  }
  const defaultTimeoutMs = stated?.defaultTimeoutMs || (streams ? STREAM_TIMEOUT_MS : UNARY_TIMEOUT_MS);
  const usualMaxMs = streams ? MAX_STREAM_TIMEOUT_MS : MAX_UNARY_TIMEOUT_MS;
  const maxTimeoutMs = stated?.maxTimeoutMs || Math.max(usualMaxMs, defaultTimeoutMs);
  if (maxTimeoutMs < defaultTimeoutMs) {
    throw new Error(`${path}: max_timeout_ms is ${maxTimeoutMs}, expected at least ${defaultTimeoutMs}, the default`);
  }
  return { maxRequestBytes, defaultTimeoutMs, maxTimeoutMs, openEnded: false };
}
