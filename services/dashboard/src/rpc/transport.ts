import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { type PageTrace, traceInterceptor } from "./page-trace.ts";

/** The deadline of a call, milliseconds. A watch sets its own. */
const CALL_TIMEOUT_MS = 15_000;

/** Options of a watch, which has no deadline: it ends with its page. */
export const WITHOUT_DEADLINE = { timeoutMs: 0 };

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
