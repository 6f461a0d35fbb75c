import { QueryClient } from "@tanstack/react-query";
import { isPassing } from "./problem.ts";

/** Tries twice more while the server is away or busy. A person who waits longer wants to be told. */
const RETRIES = 2;

/** The page's cache of answers. */
export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retry: (failures, error) => failures < RETRIES && isPassing(error) } },
  });
}
