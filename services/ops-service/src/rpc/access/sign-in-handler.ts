import { actorOf, type Caller, type RoleName } from "@bellwether/mesh/call/caller";
import { isLoopback } from "@bellwether/mesh/listener/listen";
import { readJsonBody } from "@bellwether/mesh/rest/read-body";
import { rejectMethod } from "@bellwether/mesh/web/http-rejection";
import { LOCAL_NAMES } from "@bellwether/mesh/web/web-guard";
import { pathOf, socketOf, type WebHandler, type WebRequest, type WebResponse } from "@bellwether/mesh/web/web-handler";
import {
  newSession,
  newSessionSecret,
  type Person,
  type Session,
  type SessionLimits,
  type SignInMethod,
  secretHash,
} from "../../domain/access/session.ts";
import {
  type ClaimRules,
  type IdentityProvider,
  localPath,
  personFromClaims,
  type SessionStore,
} from "../../domain/access/sign-in.ts";
import {
  SessionMissingError,
  SignInBodyError,
  SignInBusyError,
  SignInOffError,
} from "../../domain/access/sign-in-error.ts";
import type { SignInFailures } from "../../domain/access/sign-in-failures.ts";
import { OPS_ERRORS } from "../error-codes.ts";
import { type PageOrigins, rejectCrossSite } from "./cross-site.ts";
import type { SessionCallers } from "./session-callers.ts";
import type { SessionCookies } from "./session-cookies.ts";
import { failureFrom, redirect, sendFailure, sendJson, sendProblem } from "./sign-in-answers.ts";

/** A credential that a person enters instead of signing in at an identity provider, verified. */
export interface PastedCredential {
  readonly person: Person;
  /** Latest end of the session, epoch milliseconds. */
  readonly latestEndMs: number;
}

export interface SignInOptions {
  readonly cookies: SessionCookies;
  readonly sessions: SessionCallers;
  readonly store: SessionStore;
  readonly limits: SessionLimits;
  readonly failures: SignInFailures;
  readonly origins: PageOrigins;
  readonly rules: ClaimRules;
  /** Undefined: no identity provider is set up. */
  readonly provider: IdentityProvider | undefined;
  /** Verifies a token. Undefined: tokens are not accepted. @throws SignInRejectedError */
  readonly personFromToken: ((token: string) => Promise<PastedCredential>) | undefined;
  /** Verifies the token or API key of a request that has no session. @throws an RPC error, or SignInRejectedError */
  readonly callerFromToken: (token: string) => Promise<Caller>;
  /** Verifies a one-time link and marks it as used. Undefined: links are not accepted. @throws SignInRejectedError */
  readonly personFromLink: ((code: string) => Promise<PastedCredential>) | undefined;
  /** Path of the service's root as browsers see it, with a slash at the end: "/" without a proxy path. */
  readonly rootPath: string;
  readonly now: () => Date;
  readonly translateError: (error: unknown) => unknown;
  /** Called with the first failed sign-in of each reason and minute. */
  readonly onFailure: (reason: string, error: unknown) => void;
  /** Called with an internal error; the request has been answered. */
  readonly onError: (error: unknown) => void;
}

/** The paths of signing in, each with its method. */
export const SIGN_IN_PATHS = {
  "/auth/login": "GET",
  "/auth/callback": "GET",
  "/auth/token": "POST",
  "/auth/link": "POST",
  "/auth/session": "GET",
  "/auth/logout": "POST",
} as const;

type SignInPath = keyof typeof SIGN_IN_PATHS;

const isSignInPath = (path: string): path is SignInPath => Object.hasOwn(SIGN_IN_PATHS, path);

type Endpoint = (request: WebRequest, response: WebResponse) => Promise<void>;

const MAX_BODY_BYTES = 32 * 1024;
/** Maximum number of sign-ins at the identity provider, and of bodies, that are processed at the same time. */
const MAX_AT_ONCE = 64;

/**
 * Answers the SIGN_IN_PATHS. Between login and callback, everything is in a cookie of the browser; the service keeps
 * nothing in memory.
 */
export function signInHandler(options: SignInOptions): WebHandler {
  const endpoints = signInEndpoints(options);
  const { failures, rootPath, onError, translateError } = options;
  return (request, response) => {
    const path = pathOf(request);
    if (!isSignInPath(path)) return false;
    const endpoint = endpoints[path];
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (method !== SIGN_IN_PATHS[path]) {
      rejectMethod(request, response, SIGN_IN_PATHS[path] === "GET" ? ["GET", "HEAD"] : ["POST"]);
      return true;
    }
    endpoint.answer(request, response).catch((thrown) => {
      try {
        // An error of this service may have the error of a connection as its cause, which is not the database's.
        const failed = failureFrom(thrown, OPS_ERRORS) ?? failureFrom(translateError(thrown), OPS_ERRORS);
        if (!failed) onError(thrown);
        const shown = failed ?? {
          status: 500,
          code: "internal",
          reason: "INTERNAL",
          message: "internal error",
          retryAfterS: undefined,
        };
        if (endpoint.isSignIn && failures.count(shown.reason)) options.onFailure(shown.reason, thrown);
        if (response.headersSent || response.destroyed) request.destroy();
        else sendFailure(request, response, shown, rootPath);
      } catch (error) {
        onError(error);
        request.destroy();
      }
    });
    return true;
  };
}

interface BoundEndpoint {
  readonly answer: Endpoint;
  /** Whether a failure is a failed sign-in, for the audit log. */
  readonly isSignIn: boolean;
}

function signInEndpoints(options: SignInOptions): Readonly<Record<SignInPath, BoundEndpoint>> {
  const { cookies, sessions, store, limits, origins, provider, rootPath, now } = options;
  const limited = limitConcurrency(MAX_AT_ONCE);

  /** Ends the session of a browser. Undefined: it has none that is accepted. */
  const end = async ({ headers }: WebRequest): Promise<Session | undefined> => {
    const cookie = await cookies.read(headers.cookie).catch(() => undefined);
    const ended = cookie && (await store.end(secretHash(cookie.secret), now()));
    if (ended) sessions.endWatches(ended.id);
    return ended;
  };

  const open = async (
    request: WebRequest,
    response: WebResponse,
    method: SignInMethod,
    { person, latestEndMs }: PastedCredential,
  ) => {
    const { session, secret } = newSession(person, method, limits, now(), latestEndMs);
    await store.create(session, secretHash(secret));
    // The browser forgets its former session now, so nobody could end it any more.
    await end(request);
    response.appendHeader("set-cookie", await cookies.make(secret, session.expiresAt));
    return session;
  };
  const pasted =
    (method: "token" | "link", verify: ((text: string) => Promise<PastedCredential>) | undefined): Endpoint =>
    async (request, response) => {
      rejectCrossSite(pageOfRequest(request), origins);
      if (!verify) throw new SignInOffError(`signing in with a ${method} is not set up here`);
      if (method === "link") checkLocal(request);
      const text = await readText(request, method);
      await limited(async () => {
        const credential = await verify(text);
        sendJson(response, 200, sessionJson(await open(request, response, method, credential), limits));
      });
    };

  const login: Endpoint = async (request, response) => {
    if (!provider) throw new SignInOffError("no identity provider is set up: sign in with a token");
    const returnTo = localPath(queryOf(request).get("return") ?? "");
    const { url, kept } = await provider.begin();
    response.setHeader("set-cookie", await cookies.makeBegun({ ...kept, returnTo }));
    redirect(response, url.href);
  };
  const callback: Endpoint = async (request, response) => {
    if (!provider) throw new SignInOffError("no identity provider is set up: sign in with a token");
    // The cookie of a sign-in in progress is removed after every result, because it is valid for only one answer.
    response.setHeader("set-cookie", cookies.begunCleared);
    await limited(async () => {
      const begun = await cookies.readBegun(request.headers.cookie);
      const person = personFromClaims(await provider.complete(queryOf(request).toString(), begun), options.rules);
      await open(request, response, "oidc", { person, latestEndMs: Number.POSITIVE_INFINITY });
      redirect(response, `${rootPath.slice(0, -1)}${begun.returnTo}`);
    });
  };
  const session: Endpoint = async (request, response) => {
    const { cookie } = request.headers;
    const methods = signInMethods(options);
    try {
      const token = bearerToken(request);
      if (token !== undefined) {
        // A proxy in front adds a token: the page has its own person without a session.
        sendJson(response, 200, { ...tokenJson(await options.callerFromToken(token)), ...methods });
        return;
      }
      const found = await sessions.find(cookie);
      if (!found) throw new SessionMissingError();
      await renew(options, cookie, found, response);
      sendJson(response, 200, { ...sessionJson(found, limits), ...methods });
    } catch (thrown) {
      const failed = failureFrom(thrown, OPS_ERRORS);
      if (failed?.status !== 401) throw thrown;
      if (cookies.has(cookie)) response.setHeader("set-cookie", cookies.cleared);
      sendProblem(response, failed, methods);
    }
  };
  const logout: Endpoint = async (request, response) => {
    rejectCrossSite(pageOfRequest(request), origins);
    response.setHeader("set-cookie", cookies.cleared);
    const ended = await end(request);
    const providerUrl = ended?.method === "oidc" ? provider?.signOutUrl() : undefined;
    sendJson(response, 200, {
      signed_out: true,
      ...(providerUrl !== undefined && { provider_sign_out_url: providerUrl }),
    });
  };
  return {
    "/auth/login": { answer: login, isSignIn: true },
    "/auth/callback": { answer: callback, isSignIn: true },
    "/auth/token": { answer: pasted("token", options.personFromToken), isSignIn: true },
    "/auth/link": { answer: pasted("link", options.personFromLink), isSignIn: true },
    "/auth/session": { answer: session, isSignIn: false },
    "/auth/logout": { answer: logout, isSignIn: false },
  };
}

/** Replaces the secret of a session when its cookie is old, or was encrypted with the older of two keys. */
async function renew(
  { cookies, store, limits, now }: SignInOptions,
  cookieHeader: string | undefined,
  session: Session,
  response: WebResponse,
): Promise<void> {
  const cookie = await cookies.read(cookieHeader);
  if (!cookie || (!cookie.isOldKey && now().getTime() - cookie.madeAtMs < limits.rotateMs)) return;
  const secret = newSessionSecret();
  // False: another tab of the browser has just done it, and this tab's browser has the new cookie too.
  if (!(await store.replaceSecret(session.id, secretHash(cookie.secret), secretHash(secret)))) return;
  response.setHeader("set-cookie", await cookies.make(secret, session.expiresAt));
}

/** The ways in which a person can sign in here. */
function signInMethods({ provider, personFromToken, personFromLink }: SignInOptions) {
  return {
    sign_in: {
      provider: provider ? provider.label : null,
      token: personFromToken !== undefined,
      link: personFromLink !== undefined,
    },
  };
}

function sessionJson({ subject, name, role, scope, method, expiresAt }: Session, { idleMs }: SessionLimits) {
  return {
    authentication: "on",
    ...{ subject, name, role, method, actor: actorOf({ subject, name }), scope: scope ?? null },
    expires_at: expiresAt.toISOString(),
    idle_limit_s: Math.floor(idleMs / 1000),
  };
}

/** Roles from the highest to the lowest, for display. */
const ROLES: readonly RoleName[] = ["admin", "analyst", "viewer", "service"];

function tokenJson({ subject, name = "", roles, scope, expiresAtMs }: Caller) {
  return {
    authentication: "on",
    ...{ subject, name, role: ROLES.find((role) => roles.has(role)) ?? "", method: "header" },
    ...{ actor: actorOf({ subject, name }), scope: scope ?? null },
    expires_at: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
  };
}

/** The answer of /auth/session of a service whose authentication is off. */
export const AUTHENTICATION_OFF = {
  authentication: "off",
  subject: "anonymous",
  name: "",
  actor: "anonymous",
  role: "admin",
  scope: null,
  message: "authentication is off on this machine",
} as const;

/** Answers /auth/session of a service whose authentication is off, and rejects the other paths below /auth/. */
export function signInOffHandler(): WebHandler {
  return (request, response) => {
    const path = pathOf(request);
    if (!isSignInPath(path)) return false;
    if (path !== "/auth/session") {
      const failed = failureFrom(
        new SignInOffError("authentication is off on this machine: nobody needs to sign in"),
        OPS_ERRORS,
      );
      if (failed) sendFailure(request, response, failed, "/");
    } else if (request.method === "GET" || request.method === "HEAD") sendJson(response, 200, AUTHENTICATION_OFF);
    else rejectMethod(request, response, ["GET", "HEAD"]);
    return true;
  };
}

function bearerToken({ headers }: WebRequest): string | undefined {
  return /^bearer (.*)$/i.exec(headers.authorization ?? "")?.[1]?.trim();
}

function queryOf(request: WebRequest): URLSearchParams {
  return new URLSearchParams(/\?(.*)$/s.exec(request.url ?? "")?.[1] ?? "");
}

function pageOfRequest({ headers }: WebRequest) {
  const text = (name: string): string | undefined => (headers[name] === undefined ? undefined : String(headers[name]));
  return {
    origin: text("origin"),
    secFetchSite: text("sec-fetch-site"),
    host: text(":authority") ?? text("host"),
  };
}

/** A one-time link is accepted from this machine only: not through a proxy, and not under another host name. */
function checkLocal(request: WebRequest): void {
  const { headers } = request;
  const host = String(headers[":authority"] ?? headers.host ?? "")
    .toLowerCase()
    .replace(/:\d+$/, "");
  const address = (socketOf(request).remoteAddress ?? "").replace(/^::ffff:/, "");
  const isForwarded = headers.forwarded !== undefined || headers["x-forwarded-for"] !== undefined;
  if (!isLoopback(address) || !LOCAL_NAMES.includes(host) || isForwarded)
    throw new SignInOffError("a one-time link works only in a browser on the machine of this service");
}

/** Reads `{"token": "..."}` or `{"code": "..."}`. A form post cannot have the content type of JSON. */
async function readText(request: WebRequest, method: "token" | "link"): Promise<string> {
  const field = method === "token" ? "token" : "code";
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new SignInBodyError("content-type", "is not application/json");
  const body = await readJsonBody(request, MAX_BODY_BYTES, () => {});
  const text = typeof body === "object" && body !== null && !Array.isArray(body) ? body[field] : undefined;
  if (typeof text !== "string" || text.trim() === "") throw new SignInBodyError(field, "is missing or not a text");
  return text.trim();
}

/** Returns a function that runs work, at most `max` at the same time. It throws SignInBusyError for more. */
function limitConcurrency(max: number): (work: () => Promise<void>) => Promise<void> {
  let running = 0;
  return async (work) => {
    if (running >= max) throw new SignInBusyError();
    running++;
    try {
      await work();
    } finally {
      running--;
    }
  };
}
