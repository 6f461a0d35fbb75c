import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { SessionEndedError, SessionExpiredError, SessionIdleError } from "./sign-in-error.ts";

/** Roles that a person can have. */
export type PersonRole = "viewer" | "analyst" | "admin";

/** How a person signed in: at the identity provider, with a token, or with a one-time link. */
export type SignInMethod = "oidc" | "token" | "link";

/** A person whose identity is verified. */
export interface Person {
  /** Id of the person: the subject at the identity provider, or of the token. 1 to 255 bytes. */
  readonly subject: string;
  /** Name for display, at most 128 bytes; empty: not known. */
  readonly name: string;
  readonly role: PersonRole;
  /** The suppliers that the person sees. Left out or null: all. */
  readonly scope?: SupplierScope | null;
}

/** A signed-in person. The secret of the session is not stored, only its hash. */
export interface Session extends Person {
  /** A UUID, which is not secret. */
  readonly id: string;
  readonly method: SignInMethod;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** End of the session, however much it is used. */
  readonly expiresAt: Date;
  /** Null: the session was not ended. */
  readonly endedAt: Date | null;
}

/** A session that was found by the hash of a secret. */
export interface FoundSession {
  readonly session: Session;
  /**
   * Which secret has the hash. "current": the present secret. "fresh": the present secret, which was never used
   * before. "previous": the secret before it, which is still accepted. "replaced": an earlier secret, which is no
   * longer accepted.
   */
  readonly secret: "current" | "fresh" | "previous" | "replaced";
}

/** Lifetimes of sessions, milliseconds. */
export interface SessionLimits {
  /** A session that is not used for this time ends. */
  readonly idleMs: number;
  /** A session ends after this time, however much it is used. */
  readonly lifetimeMs: number;
  /** A session's secret of this age is replaced. */
  readonly rotateMs: number;
}

/** The use of a session is recorded at most once in this time. */
export const RECORD_USE_MS = 60_000;
/** The previous secret is accepted for this time after the first use of the present one. */
export const PREVIOUS_SECRET_MS = 60_000;
/** Maximum number of sessions of one person. A further sign-in ends the oldest ones. */
export const MAX_SESSIONS_OF_PERSON = 50;

/** Returns a new secret of a session, 256 random bits in base64url. */
export function newSessionSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Returns the hash under which a secret is stored: SHA-256 in base64url. The secret is random, so it needs no salt. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Returns a new session of a person, and its secret. @param latestEndMs an earlier end, epoch milliseconds */
export function newSession(
  person: Person,
  method: SignInMethod,
  { lifetimeMs }: SessionLimits,
  now: Date,
  latestEndMs = Number.POSITIVE_INFINITY,
): { readonly session: Session; readonly secret: string } {
  const expiresAt = new Date(Math.min(now.getTime() + lifetimeMs, latestEndMs));
  const session = { ...person, id: randomUUID(), method, createdAt: now, lastUsedAt: now, expiresAt, endedAt: null };
  return { session, secret: newSessionSecret() };
}

/**
 * Checks that a session is accepted at `now`.
 * @throws SessionEndedError, SessionExpiredError, SessionIdleError
 */
export function checkSession(
  found: FoundSession | undefined,
  { idleMs }: Pick<SessionLimits, "idleMs">,
  now: Date,
): Session {
  if (!found || found.session.endedAt !== null || found.secret === "replaced") throw new SessionEndedError();
  const { session } = found;
  if (now >= session.expiresAt) throw new SessionExpiredError();
  if (now.getTime() - session.lastUsedAt.getTime() > idleMs) throw new SessionIdleError();
  return session;
}
