import { createSeal, type SealKey } from "@bellwether/mesh/auth/seal";
import { openLink } from "@bellwether/mesh/auth/sign-in-link";
import { createTokenVerifier, TokenError, type TokenSettings } from "@bellwether/mesh/auth/token-verifier";
import type { Caller } from "@bellwether/mesh/call/caller";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import type { WebHandler } from "@bellwether/mesh/web/web-handler";
import { Code } from "@connectrpc/connect";
import type { PersonRole, SessionLimits } from "../../domain/access/session.ts";
import {
  type ClaimRules,
  checkSubject,
  type IdentityProvider,
  oneLine,
  type SessionStore,
} from "../../domain/access/sign-in.ts";
import { SignInRejectedError } from "../../domain/access/sign-in-error.ts";
import type { SignInFailures } from "../../domain/access/sign-in-failures.ts";
import { createSessionCallers, type SessionCallers } from "./session-callers.ts";
import { createSessionCookies } from "./session-cookies.ts";
import { type PastedCredential, signInHandler } from "./sign-in-handler.ts";

export interface SignInDependencies {
  /** One key or two: the first encrypts cookies, both decrypt them. */
  readonly keys: readonly SealKey[];
  /** URL of the service as browsers see it. Undefined: the URL of the listener. */
  readonly publicUrl: URL | undefined;
  /** Whether browsers reach the listener by https: it uses TLS itself, or a proxy in front does. */
  readonly isHttps: boolean;
  readonly allowedOrigins: readonly string[];
  readonly limits: SessionLimits;
  readonly rules: ClaimRules;
  readonly provider: IdentityProvider | undefined;
  /** Which tokens are accepted. Undefined: none. */
  readonly tokens: TokenSettings | undefined;
  /** Whether one-time links of `bellwether start` are accepted. */
  readonly links: boolean;
  /** Verifies an API key. Undefined: the text is not an API key. @throws an RPC error for a key that is not accepted */
  readonly callerFromKey: (key: string) => Caller | undefined;
  readonly store: SessionStore;
  readonly failures: SignInFailures;
  readonly now: () => Date;
  readonly translateError: (error: unknown) => unknown;
  /** Called with the first failed sign-in of each reason and minute. */
  readonly onFailure: (reason: string, error: unknown) => void;
  readonly onError: (error: unknown) => void;
}

/** Sign-in of people: the paths below /auth/, and the credential source for sessions. */
export interface SignIn {
  readonly sessions: SessionCallers;
  readonly handler: WebHandler;
}

/** Creates the sign-in of a service whose authentication is on. */
export function createSignIn(deps: SignInDependencies): SignIn {
  const { publicUrl, limits, store, tokens, now, onError, callerFromKey } = deps;
  const nowMs = (): number => now().getTime();
  const seal = createSeal(deps.keys, nowMs);
  const isSecure = publicUrl ? publicUrl.protocol === "https:" : deps.isHttps;
  const cookies = createSessionCookies(seal, isSecure, nowMs);
  const origins = { own: publicUrl?.origin, allowed: deps.allowedOrigins };
  const sessions = createSessionCallers({ cookies, store, limits, origins, now, onUnrecorded: onError });
  const verify = tokens && createTokenVerifier(tokens);
  const callerFromToken = async (token: string): Promise<Caller> => {
    const byKey = callerFromKey(token);
    if (byKey) return byKey;
    if (!verify) throw new SignInRejectedError("tokens are not accepted here");
    try {
      return await verify(token);
    } catch (error) {
      throw rejected(error);
    }
  };
  const personFromLink = async (code: string): Promise<PastedCredential> => {
    const link = await openLink(seal, code);
    if (!link)
      throw new SignInRejectedError("the link is not valid, or older than 10 minutes: start again to get another one");
    const { id, subject } = link;
    checkSubject(subject);
    if (!(await store.useLink(id, now()))) throw new SignInRejectedError("the link was used before: it is valid once");
    const person = { subject, name: oneLine(subject, 128), role: "admin" } as const;
    return { person, latestEndMs: Number.POSITIVE_INFINITY };
  };
  const handler = signInHandler({
    ...deps,
    cookies,
    sessions,
    origins,
    personFromToken: verify && (async (token) => credentialFrom(await callerFromToken(token))),
    callerFromToken,
    personFromLink: deps.links ? personFromLink : undefined,
    rootPath: publicUrl ? publicUrl.pathname.replace(/\/*$/, "/") : "/",
  });
  return { sessions, handler };
}

const PERSON_ROLES: readonly PersonRole[] = ["admin", "analyst", "viewer"];

/** Returns the person of a token. A session made with it has the token's scope, and ends with it at the latest. */
function credentialFrom({ subject, name = "", roles, scope, via, expiresAtMs }: Caller): PastedCredential {
  if (via === "key") throw new SignInRejectedError("an API key is not for people: sign in with a token");
  const role = PERSON_ROLES.find((one) => roles.has(one));
  if (role === undefined) throw new SignInRejectedError("the token has none of the roles viewer, analyst and admin");
  checkSubject(subject);
  const person = { subject, name: oneLine(name, 128), role, ...(scope && { scope }) };
  return { person, latestEndMs: expiresAtMs ?? Number.POSITIVE_INFINITY };
}

function rejected(error: unknown): unknown {
  if (!(error instanceof TokenError)) return error;
  if (error.reason === "KEYS_UNAVAILABLE")
    return rpcError(Code.Unavailable, error.reason, error.message, { retryAfterMs: 1_000, cause: error });
  return new SignInRejectedError(error.message, { cause: error });
}
