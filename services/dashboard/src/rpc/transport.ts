import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { type PageTrace, traceInterceptor } from "./page-trace.ts";

/** The deadline of a call, milliseconds. A watch has none: see `openStream`. */
const CALL_TIMEOUT_MS = 15_000;

/** Returns a transport whose calls have another deadline than the other calls of the page. */
export function withTimeout(transport: Transport, timeoutMs: number): Transport {
  return {
    unary: (method, signal, _timeoutMs, ...rest) => transport.unary(method, signal, timeoutMs, ...rest),
    stream: (method, signal, _timeoutMs, ...rest) => transport.stream(method, signal, timeoutMs, ...rest),
  };
}

/**
 * Creates the transport to the listener that served the page, at the path of `page`. Every call belongs to
 * the trace of the reader's action.
 * @param interceptors further interceptors
 */
export function createDashboardTransport(
  page: string,
  trace: PageTrace,
  interceptors: readonly Interceptor[] = [],
): Transport {
  const baseUrl = new URL(".", page).href.replace(/\/$/, "");
  return createConnectTransport({
    baseUrl,
    defaultTimeoutMs: CALL_TIMEOUT_MS,
    interceptors: [traceInterceptor(trace), ...interceptors],
  });
}
