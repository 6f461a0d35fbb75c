import { Code, ConnectError } from "@connectrpc/connect";
import { QueryClient } from "@tanstack/react-query";
import { isPassing } from "./problem.ts";

/** Tries twice more while the server is away or busy. A person who waits longer wants to know why. */
const RETRIES = 2;

/**
 * The page's cache of answers. Calls are made offline too, so that they fail and say so: a call that waits for the network would load
 * without end. Coming back to the window reads nothing again: rows would move.
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

/** Whoever has waited for the whole deadline once is not made to wait again without being asked. */
function isTimeout(error: unknown): boolean {
  return ConnectError.from(error).code === Code.DeadlineExceeded;
}
