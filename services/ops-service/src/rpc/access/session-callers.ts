import type { CredentialSource } from "@bellwether/mesh/auth/credential-source";
import type { Call } from "@bellwether/mesh/call/call";
import type { Caller } from "@bellwether/mesh/call/caller";
import type { Policy } from "@bellwether/mesh/call/policy";
import {
  checkSession,
  PREVIOUS_SECRET_MS,
  RECORD_USE_MS,
  type Session,
  type SessionLimits,
  secretHash,
} from "../../domain/access/session.ts";
import type { SessionStore } from "../../domain/access/sign-in.ts";
import { SessionEndedError } from "../../domain/access/sign-in-error.ts";
import { type PageHeaders, type PageOrigins, rejectCrossSite } from "./cross-site.ts";
import type { SessionCookies } from "./session-cookies.ts";

export interface SessionCallerOptions {
  readonly cookies: SessionCookies;
  readonly store: Pick<SessionStore, "find" | "recordUse" | "confirmSecret" | "findEnded">;
  readonly limits: Pick<SessionLimits, "idleMs">;
  readonly origins: PageOrigins;
  readonly now: () => Date;
  /** Called when the use of a session could not be recorded. */
  readonly onUnrecorded: (error: unknown) => void;
}

/** Identifies callers by their session. */
export interface SessionCallers extends CredentialSource {
  /** Ends the watches of a session that has ended. */
  endWatches(sessionId: string): void;
  /** Ends the watches of all sessions that are no longer accepted. */
  sweep(): Promise<void>;
  /** Forgets watches when they end. */
  readonly policy: Policy;
  /**
   * Returns the accepted session of a `cookie` header. This does not count as a use of the session. Undefined: the
   * header has no accepted session.
   * @throws the errors of `checkSession`
   */
  find(cookieHeader: string | undefined): Promise<Session | undefined>;
}

/**
 * Creates the credential source for session cookies. The session is read from the store for every call, so a
 * session that was ended at another replica is rejected at once.
 */
export function createSessionCallers(options: SessionCallerOptions): SessionCallers {
  const { cookies, store, limits, origins, now, onUnrecorded } = options;
  const watches = new Map<string, Set<Call>>();
  const sessionOf = new WeakMap<object, string>();

  const find = async (cookieHeader: string | undefined, isUse: boolean): Promise<Session | undefined> => {
    const cookie = await cookies.read(cookieHeader);
    if (!cookie) return undefined;
    const at = now();
    const found = await store.find(secretHash(cookie.secret), at);
    const session = checkSession(found, limits, at);
    if (found?.secret === "fresh")
      await store.confirmSecret(session.id, new Date(at.getTime() + PREVIOUS_SECRET_MS)).catch(onUnrecorded);
    if (isUse && at.getTime() - session.lastUsedAt.getTime() >= Math.min(RECORD_USE_MS, limits.idleMs / 4))
      await store.recordUse(session.id, at).catch(onUnrecorded);
    return session;
  };
  const identify = async (call: Call): Promise<Caller> => {
    const isWatch = call.bound.limits.openEnded;
    // A watch is opened again automatically when its connection is old, so it is not a use by a person.
    const session = await find(call.header("cookie"), !isWatch);
    if (!session) throw new SessionEndedError();
    if (isWatch) remember(call, session.id);
    return callerFromSession(session);
  };
  const remember = (call: Call, sessionId: string): void => {
    if (call.closed) return;
    const open = watches.get(sessionId) ?? new Set();
    watches.set(sessionId, open.add(call));
    sessionOf.set(call, sessionId);
  };
  const endWatches = (sessionId: string): void => {
    for (const call of [...(watches.get(sessionId) ?? [])]) call.fail(new SessionEndedError());
  };
  return {
    identify(call) {
      const header = call.header("cookie");
      if (call.header("authorization") !== undefined || !cookies.has(header)) return undefined;
      if (call.requestMethod !== "GET") rejectCrossSite(pageOfCall(call), origins);
      return identify(call);
    },
    // A page reads its session regularly, also when nobody uses it.
    find: (header) => find(header, false),
    endWatches,
    async sweep() {
      if (watches.size === 0) return;
      for (const id of await store.findEnded([...watches.keys()], limits.idleMs, now())) endWatches(id);
    },
    policy: {
      close(call) {
        const sessionId = sessionOf.get(call);
        if (sessionId === undefined) return;
        const open = watches.get(sessionId);
        open?.delete(call);
        if (open?.size === 0) watches.delete(sessionId);
      },
    },
  };
}

/** Returns the caller whom a session identifies. */
export function callerFromSession({ subject, name, role, scope, expiresAt }: Session): Caller {
  return {
    subject,
    ...(name !== "" && { name }),
    roles: new Set([role]),
    ...(scope && { scope }),
    via: "session",
    expiresAtMs: expiresAt.getTime(),
  };
}

/** Returns what the browser reports about the page that makes a call. */
function pageOfCall(call: Call): PageHeaders {
  const host = call.header("host");
  return {
    origin: call.header("origin"),
    secFetchSite: call.header("sec-fetch-site"),
    host,
  };
}
