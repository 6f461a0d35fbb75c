import { Code, ConnectError } from "@connectrpc/connect";
import { QueryClient } from "@tanstack/react-query";
import { isPassing } from "./problem.ts";

/**
 * Number of retries while the server is not reachable or overloaded. After more waiting the reader should see
 * the reason.
 */
const RETRIES = 2;

/**
 * Returns the page's cache of responses. Calls are made offline too, so that they fail with an error: a call
 * that waits for the network would load forever. Returning to the window does not load again, because rows
 * would move.
 */
export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always",
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < RETRIES && isPassing(error) && !isTimeout(error),
      },
      mutations: { networkMode: "always" },
    },
  });
}

/**
 * Whether a call failed because its deadline passed. Such a call is not retried automatically: the reader has
 * waited long enough.
 */
function isTimeout(error: unknown): boolean {
  return ConnectError.from(error).code === Code.DeadlineExceeded;
}
