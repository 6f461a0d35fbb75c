import type { Address } from "../listener/listen.ts";
import type { Listener } from "../listener/listener.ts";
import type { ListenerLimits } from "../listener/listener-limits.ts";
import { openHttpListener } from "../web/http-listener.ts";
import { rejectMethod, sendRejection, shown } from "../web/http-rejection.ts";
import { webGuard } from "../web/web-guard.ts";
import { pathOf, sendText, type WebRequest, type WebResponse } from "../web/web-handler.ts";

export interface AdminListenerOptions {
  readonly address: Address;
  readonly limits: ListenerLimits;
  /** Whether the server accepts traffic. */
  readonly isReady: () => boolean;
  /** Returns why the server does not accept traffic, or facts about a server that does, for people; it may be empty. */
  readonly details?: () => string;
  /** Returns all metrics in Prometheus' text format. */
  readonly metricsText: () => Promise<string>;
  /** Host names that are accepted in a Host header, without port. Undefined: any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Called with an error that the handler of a page threw. */
  readonly onThrow: (error: unknown) => void;
}

/**
 * Opens the admin listener: /livez, /readyz and /metrics for probes and Prometheus, over HTTP without TLS.
 * @throws ListenError
 */
export async function openAdminListener(options: AdminListenerOptions): Promise<Listener> {
  const { address, limits, isReady, details = () => "", metricsText, allowedHosts, onThrow } = options;
  const guard = webGuard({ allowedOrigins: [], headers: [], allowedHosts });
  const pages: Readonly<Record<string, (response: WebResponse) => void>> = {
    "/livez": (response) => sendText(response, 200, "text/plain", "ok\n"),
    "/readyz": (response) =>
      isReady()
        ? sendText(response, 200, "text/plain", `ok\n${details() && `${details()}\n`}`)
        : sendText(response, 503, "text/plain", `not serving${details() && `: ${details()}`}\n`),
    "/metrics": (response) => {
      metricsText()
        .then(
          (text) => sendText(response, 200, "text/plain; version=0.0.4; charset=utf-8", text),
          () => sendText(response, 500, "text/plain", "metrics could not be collected\n"),
        )
        .catch(onThrow);
    },
  };
  const answer = (request: WebRequest, response: WebResponse): void => {
    // A page of another site cannot send a request without a host (DNS rebinding), but probes do.
    if (request.headers.host !== undefined && guard(request, response)) return;
    const path = pathOf(request);
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (!page)
      sendRejection(response, 404, `there is nothing at ${shown(path)} here: ${Object.keys(pages).join(", ")}`);
    else if (request.method !== "GET" && request.method !== "HEAD") rejectMethod(request, response, ["GET", "HEAD"]);
    else page(response);
  };
  // Requests without a Host header are accepted, because probes of some load balancers use HTTP/1.0 and send
  // none.
  const few = { ...limits, maxConnections: Math.min(limits.maxConnections, MAX_CONNECTIONS) };
  return openHttpListener({ name: "admin", address, limits: few, makesRoom: true, answer, needsHost: false, onThrow });
}

/**
 * Enough for a few probes and scrapers. When a new connection exceeds the limit, an older one is closed, so that
 * idle connections cannot block probes.
 */
const MAX_CONNECTIONS = 64;
