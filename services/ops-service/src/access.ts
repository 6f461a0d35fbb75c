import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { SessionService } from "@bellwether/gen/bellwether/ops/v1/session_service_pb";
import { createApiKeyList } from "@bellwether/mesh/auth/api-key-list";
import type { Policy } from "@bellwether/mesh/call/policy";
import { type Route, route } from "@bellwether/mesh/call/route";
import { isLoopback } from "@bellwether/mesh/listener/listen";
import type { AuthSettings } from "@bellwether/mesh/policies/authentication";
import type { ServerOptions } from "@bellwether/mesh/server/start-server";
import type { WebHandler } from "@bellwether/mesh/web/web-handler";
import type { Logger } from "@bellwether/telemetry/logger";
import { createIdentityProvider } from "./clients/identity-provider.ts";
import { createSignInFailures } from "./domain/access/sign-in-failures.ts";
import { startApiKeyFeed } from "./jobs/api-key-feed.ts";
import { startSessionCare } from "./jobs/session-care.ts";
import { apiKeyHandlers } from "./rpc/access/api-keys.ts";
import { sessionHandlers } from "./rpc/access/sessions.ts";
import { createSignIn } from "./rpc/access/sign-in.ts";
import { signInOffHandler } from "./rpc/access/sign-in-handler.ts";
import type { SignInSettings } from "./setup/sign-in-env.ts";
import { createApiKey, listAcceptedKeys, listApiKeys, recordKeyUses, revokeApiKey } from "./store/access/api-keys.ts";
import { createSessionStore, endSessionsOf, listSessions, removeEndedSessions } from "./store/access/sessions.ts";
import type { ChangeFeed } from "./store/alerts/change-feed.ts";
import { appendEvents } from "./store/audit/audit-events.ts";
import { API_KEY_CHANNEL, SESSION_CHANNEL } from "./store/channels.ts";
import type { Database } from "./store/database.ts";

/** How callers are identified besides tokens and certificates. */
export interface AccessConfig extends Pick<ServerOptions, "auth" | "tls" | "web" | "host"> {
  /** How people sign in. Undefined: they cannot. Without `auth` nobody needs to. */
  readonly signIn?: SignInSettings;
  /** Time for which the last list of API keys is used while the database does not answer, milliseconds. Default 15 min. */
  readonly apiKeysHoldMs?: number;
}

export interface AccessDependencies {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly translateError: (error: unknown) => unknown;
}

/** What the server needs for sessions and API keys. */
export interface Access extends AsyncDisposable {
  /** `auth` of the configuration with sessions and API keys. Undefined: authentication is off. */
  readonly auth: AuthSettings | undefined;
  readonly policies: readonly Policy[];
  readonly routes: readonly Route[];
  readonly webHandlers: readonly WebHandler[];
}

const API_KEYS_HOLD_MS = 15 * 60_000;
/** Without sign-in no session is accepted, so none is too old to be listed. */
const ANY_IDLE_MS = 7 * 24 * 3_600_000;

/** Starts sessions and API keys. */
export function startAccess(config: AccessConfig, deps: AccessDependencies): Access {
  const { auth, signIn, tls, web, host = "127.0.0.1", apiKeysHoldMs = API_KEYS_HOLD_MS } = config;
  const { database, feed, logger, now, newId, translateError } = deps;
  const { db, inTransaction } = database;
  const opened = new AsyncDisposableStack();
  const list = createApiKeyList({ holdMs: apiKeysHoldMs, now: () => now().getTime() });
  const keys = opened.use(
    startApiKeyFeed({
      list,
      loadKeys: () => listAcceptedKeys(db, now()),
      watchKeys: (signal) => feed.watch(API_KEY_CHANNEL, signal),
      recordUses: (uses) => recordKeyUses(db, uses, now()),
      onOutage: (error) => logger.warn({ err: error }, "the list of API keys cannot be read"),
    }),
  );
  const routes = [
    route(
      ApiKeyService,
      apiKeyHandlers({
        now,
        createKey: (key) => createApiKey(inTransaction, newId, key),
        revokeKey: async (keyId, revokedBy, at) => {
          await keys.recordUses();
          return revokeApiKey(inTransaction, newId, keyId, revokedBy, at);
        },
        listKeys: async (query, at, limit) => {
          await keys.recordUses();
          return listApiKeys(db, query, at, limit);
        },
        watchKeys: keys.lists,
        recordUses: (uses, at) => recordKeyUses(db, uses, at),
        refresh: keys.refresh,
      }),
    ),
    route(
      SessionService,
      sessionHandlers({
        now,
        listSessions: (query, at, limit) => listSessions(db, query, signIn?.limits.idleMs ?? ANY_IDLE_MS, at, limit),
        endSessions: (ended, at) => endSessionsOf(inTransaction, newId, ended, at),
      }),
    ),
  ];
  const dispose = (): Promise<void> => opened.disposeAsync();
  if (!auth || !signIn) {
    const webHandlers = auth ? [] : [signInOffHandler()];
    return {
      auth: auth && { ...auth, credentials: [list] },
      policies: [],
      routes,
      webHandlers,
      [Symbol.asyncDispose]: dispose,
    };
  }

  const failures = createSignInFailures({
    now,
    record: async (events) => {
      const us = BigInt(now().getTime()) * 1000n;
      const full = events.map((event) => ({ ...event, eventId: newId(), occurredUs: us }));
      await inTransaction((tx) => appendEvents(tx.db, full, us));
    },
    onLost: (error, count) => logger.warn({ err: error, failures: count }, "failed sign-ins are not in the audit log"),
  });
  opened.defer(failures.flush);
  const { provider: registered, publicUrl } = signIn;
  const store = createSessionStore(database, newId);
  const { sessions, handler } = createSignIn({
    keys: signIn.keys,
    limits: signIn.limits,
    rules: signIn.rules,
    links: signIn.links,
    publicUrl,
    // Without TLS, a listener that other machines can reach is behind a proxy that uses TLS.
    isHttps: tls !== undefined || !isLoopback(host),
    allowedOrigins: web?.allowedOrigins ?? [],
    provider:
      registered &&
      publicUrl &&
      createIdentityProvider({
        ...registered,
        redirectUri: new URL("auth/callback", publicUrl),
        signedOutUri: publicUrl,
        groupsClaim: signIn.rules.groupsClaim,
        allowHttp: registered.issuer.protocol === "http:",
      }),
    tokens: auth.tokens,
    callerFromKey: list.verify,
    store,
    failures,
    now,
    translateError,
    onFailure: (reason, error) => logger.warn({ reason, err: error }, "a sign-in failed"),
    onError: (error) => logger.error({ err: error }, "sign-in failed"),
  });
  opened.use(
    startSessionCare({
      watchEnded: (signal) => feed.watch(SESSION_CHANNEL, signal),
      endWatches: sessions.endWatches,
      sweep: sessions.sweep,
      removeEnded: () => removeEndedSessions(db, now()),
      onError: (error) => logger.warn({ err: error }, "sessions could not be checked"),
    }),
  );
  return {
    auth: { ...auth, credentials: [list, sessions] },
    policies: [sessions.policy],
    routes,
    webHandlers: [handler],
    [Symbol.asyncDispose]: dispose,
  };
}
