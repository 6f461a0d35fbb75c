import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect } from "react";
import { fetchSession, type Session, UNKNOWN_SESSION } from "./session.ts";

const KEY = ["session"];
/** Interval at which a visible page reads its session, ms. Each read also renews the session's cookie. */
const EVERY_MS = 5 * 60_000;
/** Channel on which tabs notify each other that somebody has signed in or out. */
const CHANNEL = "bellwether-session";

/** The session of the person who uses the page, for every component. */
export const SessionContext = createContext<Session>(UNKNOWN_SESSION);

export const useSession = (): Session => useContext(SessionContext);

/**
 * Reads the session: when the page starts, every five minutes, when the page becomes visible again, and when
 * somebody signs in or out in another tab.
 */
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

/** After signing in or out: reads the session again, repeats the queries that had failed, and notifies other tabs. */
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
    // A request for the session that is already running is not cancelled. The first answer after the end of a session
    // says that the session has ended, and removes its cookie. A second answer would only say that no session exists.
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

/** Yields the messages of a stream. When the stream ends with an error, calls `check` with that error. */
async function* checked<T>(messages: AsyncIterable<T>, check: (error: unknown) => void): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    check(error);
    throw error;
  }
}
