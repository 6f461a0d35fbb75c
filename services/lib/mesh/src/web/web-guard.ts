import { cors } from "@connectrpc/connect";
import { REPLACED_HEADER, REQUEST_ID_HEADER, TRACE_ID_HEADER } from "../call/answer-ids.ts";
import { isLoopback } from "../listener/listen.ts";
import { sendRejection, shown } from "./http-rejection.ts";
import type { WebHandler, WebRequest, WebResponse } from "./web-handler.ts";

/** Which browser requests the web listener accepts. */
export interface WebGuardOptions {
  /** Allowed origins in addition to the listener's own, for example "https://dashboard.example.com". */
  readonly allowedOrigins: readonly string[];
  /** Host names that are accepted in a Host header, without port. Undefined: any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Request and response headers that pages of other origins may use in addition to those of the protocols. */
  readonly headers: readonly string[];
  /**
   * Request headers that these pages may send in addition to those of the protocols and `headers`. Left out:
   * `DEFAULT_REQUEST_HEADERS`.
   */
  readonly requestHeaders?: readonly string[];
}

/**
 * Headers that OpenTelemetry (W3C and B3 propagation), proxies and common HTTP clients add to a page's calls.
 */
export const DEFAULT_REQUEST_HEADERS: readonly string[] = [
  ...["traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid"],
  ...["x-b3-sampled", "x-b3-flags", "x-request-id", "x-correlation-id", "x-requested-with", "idempotency-key"],
];
/** Headers that the listener's protocols need. */
const PROTOCOL_HEADERS = [...cors.allowedHeaders, "Authorization", "Grpc-Encoding", "Grpc-Accept-Encoding"];
/** Response headers about when and how to send the request again, and with the ids of the answer. */
const EXPOSED_HEADERS = [
  ...[...cors.exposedHeaders, "Retry-After", "WWW-Authenticate"],
  ...[REQUEST_ID_HEADER, TRACE_ID_HEADER, REPLACED_HEADER, "idempotency-replayed"],
];
const PREFLIGHT_LASTS_S = "7200";

/** Names of this machine: the only ones that a server without authentication accepts. */
export const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Rejects requests of foreign pages: a Host that is not accepted (DNS rebinding: a foreign name that resolves
 * to this machine) and an Origin that is neither the listener's own nor allowed. Answers CORS preflights of
 * allowed origins.
 */
export function webGuard({
  allowedOrigins,
  allowedHosts,
  headers,
  requestHeaders = DEFAULT_REQUEST_HEADERS,
}: WebGuardOptions): WebHandler {
  const allowedHeaders = [...PROTOCOL_HEADERS, ...requestHeaders, ...headers].join(", ");
  // The answers' trailers are sent as headers with a prefix.
  const exposedHeaders = [...EXPOSED_HEADERS, ...headers, ...headers.map((name) => `Trailer-${name}`)].join(", ");
  const origins = new Set(allowedOrigins);
  const hosts = allowedHosts && new Set(allowedHosts.map((host) => host.toLowerCase()));
  return (request, response) => {
    const host = hostOf(request);
    if (hosts && !hosts.has(withoutPort(host))) {
      const message = `this server does not accept the host ${shown(host)}: BELLWETHER_WEB_HOSTS lists the accepted ones`;
      sendRejection(response, 421, message, { field: "host" });
      return true;
    }
    const { origin } = request.headers;
    if (origin === undefined) return false;
    const allowed = origins.has(origin);
    if (!allowed && !isOwnOrigin(origin, host)) {
      sendRejection(
        response,
        403,
        `the origin ${shown(origin)} is not allowed: BELLWETHER_WEB_ORIGINS lists the allowed ones`,
        { field: "origin" },
      );
      return true;
    }
    if (allowed) allowOrigin(response, origin, exposedHeaders);
    if (!isPreflight(request)) return false;
    response.setHeader("access-control-allow-methods", cors.allowedMethods.join(", "));
    response.setHeader("access-control-allow-headers", allowedHeaders);
    response.setHeader("access-control-max-age", PREFLIGHT_LASTS_S);
    response.statusCode = 204;
    response.end();
    return true;
  };
}

/** Returns the host names that a listener without authentication accepts. */
export function hostsWithoutAuthentication(host: string): readonly string[] {
  const bound = host.includes(":") ? `[${host}]` : host;
  return isLoopback(host) ? [...LOCAL_NAMES, bound] : LOCAL_NAMES;
}

function isPreflight(request: WebRequest): boolean {
  return request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
}

function allowOrigin(response: WebResponse, origin: string, exposedHeaders: string): void {
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-expose-headers", exposedHeaders);
  response.setHeader("vary", "origin");
}

function hostOf(request: WebRequest): string {
  return String(request.headers[":authority"] ?? request.headers.host ?? "").toLowerCase();
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}

/**
 * Whether this listener served the page itself. The scheme is not compared, because a proxy may have ended
 * TLS.
 */
function isOwnOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}
