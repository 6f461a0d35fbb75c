import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect } from "react";
import { fetchSession, type Session, UNKNOWN_SESSION } from "./session.ts";

const KEY = ["session"];
/** Interval at which a shown page reads its session, which also renews the session's cookie. */
const EVERY_MS = 5 * 60_000;
/** Channel on which tabs notify each other that somebody has signed in or out. */
const CHANNEL = "bellwether-session";

/** Who uses the page, for every component. */
export const SessionContext = createContext<Session>(UNKNOWN_SESSION);

export const useSession = (): Session => useContext(SessionContext);

/** Reads who uses the page: at its start, regularly, when it is shown again, and when another tab signs in or out. */
export function useSessionQuery(): Session {
  const queries = useQueryClient();
  const { data = UNKNOWN_SESSION } = useQuery({
    queryKey: KEY,
    queryFn: () => fetchSession(document.baseURI),
    refetchInterval: EVERY_MS,
    refetchOnWindowFocus: true,
    staleTime: 0,
    retry: false,
  });
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = () => void reload(queries);
    return () => channel.close();
  }, [queries]);
  return data;
}

/** Reads the session again after signing in or out, then everything that had failed, and notifies other tabs. */
export async function sessionChanged(queries: QueryClient): Promise<void> {
  await reload(queries);
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
}

async function reload(queries: QueryClient): Promise<void> {
  await queries.invalidateQueries({ queryKey: KEY });
  await queries.refetchQueries({ predicate: ({ state }) => state.status === "error" });
}

/** Reads the session again when a call is rejected because its session has ended. */
export function sessionInterceptor(queries: QueryClient): Interceptor {
  const check = (error: unknown): void => {
    // A read that has begun is not repeated: its answer removes the cookie of an ended session, so only that answer says
    // that there was a session.
    if (error instanceof ConnectError && error.code === Code.Unauthenticated)
      void queries.invalidateQueries({ queryKey: KEY }, { cancelRefetch: false });
  };
  return (next) => async (request) => {
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: checked(response.message, check) } : response;
    } catch (error) {
      check(error);
      throw error;
    }
  };
}

/** Yields the messages, and calls `check` with the error with which they end. */
async function* checked<T>(messages: AsyncIterable<T>, check: (error: unknown) => void): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    check(error);
    throw error;
  }
}
