import type { Interceptor, Transport } from "@connectrpc/connect";
import * as grpc from "@grpc/grpc-js";
import { isLoopback } from "../listener/listen.ts";
import { clientTelemetryInterceptor } from "./call-telemetry.ts";
import { createGrpcTransport } from "./grpc-transport.ts";
import { HEALTH_CHECKED, registerHealthChecked } from "./health-checked.ts";
import { DEFAULT_RETRY, type RetryOptions, retryInterceptor } from "./retry.ts";

/** PEM texts of a client's TLS. */
export interface ClientTls {
  /** Certificate authority of the servers; left out: the system's authorities. */
  readonly ca?: string;
  /** The client's own certificate and key, for servers that require a client certificate. */
  readonly cert?: string;
  readonly key?: string;
}

export interface MeshTransportOptions {
  /**
   * URL of the peer's gRPC listener: "http://ml-service:9081", "https://…" for TLS, or a grpc-js target
   * ("dns:///…", "ipv4:127.0.0.1:1,127.0.0.1:2"). A name is resolved repeatedly, and calls are distributed
   * over all its addresses.
   */
  readonly url: string;
  readonly tls?: ClientTls;
  /**
   * Returns the bearer token for calls that have none. The function is called for each such call, so that the
   * token can be renewed.
   */
  readonly token?: () => string;
  /**
   * Whether the token may be sent in clear text to other machines, for networks where a proxy or the network
   * itself encrypts. Default false.
   */
  readonly allowCleartext?: boolean;
  /** Share of new traces that are recorded; from `startTelemetry`. Default 0. */
  readonly sampleRatio?: number;
  readonly retry?: Partial<RetryOptions>;
}

/** A transport for typed clients: `createClient(InferenceService, transport)`. */
export interface MeshTransport extends Transport, Disposable {
  close(): void;
}

/**
 * Opens a channel to a peer and connects at the first call. Calls go round robin over the peer's addresses,
 * without those that report NOT_SERVING, do not answer or fail more often than the others. Idempotent calls
 * are retried within a budget.
 * @throws CleartextTokenError, TypeError for an invalid URL
 */
export function createMeshTransport(options: MeshTransportOptions): MeshTransport {
  registerHealthChecked();
  const { target, secure } = parsePeerUrl(options.url);
  const isExposed = !secure && !options.tls && !options.allowCleartext && !isLocalTarget(target);
  if (options.token && isExposed) throw new CleartextTokenError(options.url);
  const credentials = secure || options.tls ? tlsCredentials(options.tls ?? {}) : grpc.credentials.createInsecure();
  const client = new grpc.Client(target, credentials, CHANNEL_OPTIONS);
  const interceptors: Interceptor[] = [
    clientTelemetryInterceptor(options.sampleRatio ?? 0),
    ...(options.token ? [tokenInterceptor(options.token)] : []),
    ...(isExposed ? [withoutTokens(options.url)] : []),
    retryInterceptor({ ...DEFAULT_RETRY, ...options.retry }),
  ];
  const close = (): void => client.close();
  return { ...createGrpcTransport(client, interceptors), close, [Symbol.dispose]: close };
}

/** A token would be sent in clear text to another machine. */
export class CleartextTokenError extends Error {
  override readonly name = "CleartextTokenError" as const;

  constructor(url: string) {
    super(
      `the token would be sent in clear text to ${url}: use https, or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true where the network encrypts`,
    );
  }
}

/** Rejects a call that carries a token itself, as a call in the name of its caller does. */
function withoutTokens(url: string): Interceptor {
  return (next) => (request) => {
    if (request.header.has("authorization")) throw new CleartextTokenError(url);
    return next(request);
  };
}

/** Whether all addresses of a grpc-js target are on this machine. */
function isLocalTarget(target: string): boolean {
  if (target.startsWith("unix:")) return true;
  const addresses = target.replace(/^\w+:(\/\/[^/]*\/)?/, "").split(",");
  return addresses.every((address) => isLoopback(address.replace(/:\d+$/, "")));
}

/**
 * Converts a peer's URL to a grpc-js target.
 * @throws TypeError for any other text
 */
export function parsePeerUrl(url: string): { readonly target: string; readonly secure: boolean } {
  if (/^(dns|ipv4|ipv6|unix):/.test(url)) return { target: url, secure: false };
  const { protocol, host, hostname, port } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`${url}: expected http://host:port, https://host:port or a target like dns:///host:port`);
  }
  const secure = protocol === "https:";
  return { target: `dns:///${port === "" ? `${hostname}:${secure ? 443 : 80}` : host}`, secure };
}

function tlsCredentials({ ca, cert, key }: ClientTls): grpc.ChannelCredentials {
  const bytes = (pem: string | undefined): Buffer | null => (pem === undefined ? null : Buffer.from(pem));
  return grpc.credentials.createSsl(bytes(ca), bytes(key), bytes(cert));
}

function tokenInterceptor(token: () => string): Interceptor {
  return (next) => (request) => {
    if (!request.header.has("authorization")) request.header.set("authorization", `Bearer ${token()}`);
    return next(request);
  };
}

/**
 * A replica that fails more than half of at least 10 calls within a second gets no calls for 5 s, then for
 * longer. Durations are objects here: grpc-js ignores durations written as strings.
 */
const OUTLIER_DETECTION = {
  interval: { seconds: 1, nanos: 0 },
  base_ejection_time: { seconds: 5, nanos: 0 },
  max_ejection_time: { seconds: 30, nanos: 0 },
  max_ejection_percent: 50,
  failure_percentage_ejection: { threshold: 50, enforcement_percentage: 100, minimum_hosts: 2, request_volume: 10 },
  child_policy: [{ round_robin: {} }],
};

const CHANNEL_OPTIONS: grpc.ChannelOptions = {
  "grpc.service_config": JSON.stringify({
    loadBalancingConfig: [{ [HEALTH_CHECKED]: { child_policy: [{ outlier_detection: OUTLIER_DETECTION }] } }],
  }),
  // Ignores service configs from DNS TXT records: whoever can write one must not change the settings above.
  "grpc.service_config_disable_resolution": 1,
  // Detects a replica that is stopped or unreachable while its connection is still open.
  "grpc.keepalive_time_ms": 2_000,
  "grpc.keepalive_timeout_ms": 1_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 5_000,
  "grpc.dns_min_time_between_resolutions_ms": 5_000,
  // 64 MiB instead of the default of 4 MiB: the project's services send answers that are larger than the
  // requests that they accept. The peer is trusted.
  "grpc.max_receive_message_length": 64 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
  "grpc.enable_channelz": 0,
};
