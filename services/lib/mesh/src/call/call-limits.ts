import { limits as limitsOption } from "@bellwether/gen/bellwether/policy/v1/limits_pb";
import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { methodPath, streamsIn, streamsOut } from "./method.ts";

/** What one call of an RPC may cost. */
export interface CallLimits {
  /** Largest request message in bytes, after decompression. */
  readonly maxRequestBytes: number;
  /** Deadline of a call whose client set none; Infinity: none. */
  readonly defaultTimeoutMs: number;
  /** A client's later deadline is cut to it; Infinity: it is not. */
  readonly maxTimeoutMs: number;
  /** A stream that lasts as long as both sides wish. */
  readonly openEnded: boolean;
}

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const UNARY_TIMEOUT_MS = 2_000;
const STREAM_TIMEOUT_MS = 60_000;
const MAX_UNARY_TIMEOUT_MS = 60_000;
const MAX_STREAM_TIMEOUT_MS = 600_000;

/** A service's or a symbol's name: anybody may call health and reflection, and more bytes have no meaning there. */
const MAX_PROBE_REQUEST_BYTES = 4 * 1024;

/** No RPC may ask for more: a message is held in memory whole, several times. */
const LARGEST_REQUEST_BYTES = 64 * 1024 * 1024;

/** Base64 makes JSON a third larger than the bytes in it, and names and quotes add to that. */
export const JSON_OVERHEAD = 1.5;

/** Whether an RPC answers whatever the load is and whoever calls: health and reflection. */
export function isProbe(method: DescMethod): boolean {
  return /^grpc\.(health|reflection)\./.test(method.parent.typeName);
}

/** RPCs of vendored contracts, which carry no options of ours. Both are streams that last as long as the client wishes. */
const OPEN_ENDED = new Set([
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
]);

/**
 * The limits of an RPC: its `bellwether.policy.v1.limits` option, else the defaults (4 MiB, health and reflection 4 KiB; 2 s unary,
 * 60 s streams; deadlines of clients up to 60 s unary, 600 s streams).
 * @throws Error when the option contradicts itself: a mistake of the contract, met at start.
 */
export function callLimits(method: DescMethod): CallLimits {
  const path = methodPath(method);
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
