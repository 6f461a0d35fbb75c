import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { type PageTrace, traceInterceptor } from "./page-trace.ts";

/** The deadline of a call; a watch says its own. */
const CALL_TIMEOUT_MS = 15_000;

/** A watch ends with its page, not by the clock. */
export const WITHOUT_DEADLINE = { timeoutMs: 0 };

/** Calls the door that the page came from, at `page` or below it, as part of what a person does. */
export function createDashboardTransport(page: string, trace: PageTrace): Transport {
  const baseUrl = new URL(".", page).href.replace(/\/$/, "");
  return createConnectTransport({
    baseUrl,
    defaultTimeoutMs: CALL_TIMEOUT_MS,
    interceptors: [traceInterceptor(trace)],
  });
}
