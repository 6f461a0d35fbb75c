import type { Seal, Unsealed } from "@bellwether/mesh/auth/seal";
import type { BegunSignIn } from "../../domain/access/sign-in.ts";
import { SessionInvalidError, SignInStateError } from "../../domain/access/sign-in-error.ts";

/** Time within which a person must sign in at the identity provider. */
export const SIGN_IN_MS = 10 * 60_000;

/** A cookie can still be read for this time after its session has ended, so that the answer has the reason. */
const REASON_MS = 24 * 3_600_000;

/** The content of a session cookie. */
export interface SessionCookie {
  readonly secret: string;
  /** Time at which the cookie was made, epoch milliseconds. */
  readonly madeAtMs: number;
  /** True when the cookie was encrypted with the older of two keys. */
  readonly isOldKey: boolean;
}

/** Makes and reads the cookies of sessions. Both are encrypted, and scripts of pages cannot read them. */
export interface SessionCookies {
  /** Whether the `cookie` header has a session cookie, valid or not. */
  has(header: string | undefined): boolean;
  /** Undefined: there is no session cookie. @throws SessionInvalidError */
  read(header: string | undefined): Promise<SessionCookie | undefined>;
  /** Returns the `set-cookie` value of a session. */
  make(secret: string, expiresAt: Date): Promise<string>;
  /** Returns the `set-cookie` value that removes the session cookie. */
  readonly cleared: string;
  /** @throws SignInStateError when no sign-in was begun in this browser within the last 10 minutes */
  readBegun(header: string | undefined): Promise<BegunSignIn>;
  makeBegun(begun: BegunSignIn): Promise<string>;
  readonly begunCleared: string;
}

/** Maximum number of cookies whose content is kept: decrypting them at each call would take longer than a look-up. */
const MAX_OPENED = 1_000;
const NOT_OPENED: Unsealed = { payload: {}, sealedAtMs: 0, expiresAtMs: 0, isOldKey: false };

const SESSION = "session";
const SIGN_IN = "sign-in";

/**
 * @param secure whether the browser reaches the service by https. The cookies then have the prefix `__Host-`: they
 *   cannot be set by another host of the same domain
 */
export function createSessionCookies(seal: Seal, secure: boolean, now: () => number): SessionCookies {
  const named = (name: string): string => `${secure ? "__Host-" : ""}bellwether-${name}`;
  // The sign-in cookie must be sent when the provider's page navigates back; the session cookie need not.
  const attributes = (sameSite: "Strict" | "Lax"): string =>
    `; Path=/; HttpOnly; SameSite=${sameSite}${secure ? "; Secure" : ""}`;
  const set = (name: string, value: string, maxAgeMs: number, sameSite: "Strict" | "Lax"): string =>
    `${named(name)}=${value}; Max-Age=${Math.max(0, Math.floor(maxAgeMs / 1000))}${attributes(sameSite)}`;
  const opened = new Map<string, { readonly cookie: SessionCookie; readonly expiresAtMs: number }>();
  return {
    has: (header) => cookieOf(header, named(SESSION)) !== undefined,
    async read(header) {
      const sealed = cookieOf(header, named(SESSION));
      if (sealed === undefined) return undefined;
      const known = opened.get(sealed);
      if (known && now() < known.expiresAtMs) return known.cookie;
      const { payload, sealedAtMs, expiresAtMs, isOldKey } = (await seal.open(SESSION, sealed)) ?? NOT_OPENED;
      const { secret } = payload;
      if (typeof secret !== "string") throw new SessionInvalidError();
      const cookie = { secret, madeAtMs: sealedAtMs, isOldKey };
      const [oldest] = opened.keys();
      if (opened.size >= MAX_OPENED && oldest !== undefined) opened.delete(oldest);
      opened.set(sealed, { cookie, expiresAtMs });
      return cookie;
    },
    async make(secret, expiresAt) {
      const sealed = await seal.seal(SESSION, { secret }, expiresAt.getTime() + REASON_MS);
      return set(SESSION, sealed, expiresAt.getTime() - now(), "Strict");
    },
    cleared: set(SESSION, "", 0, "Strict"),
    async readBegun(header) {
      const sealed = cookieOf(header, named(SIGN_IN));
      if (sealed === undefined)
        throw new SignInStateError("this browser has begun no sign-in within the last 10 minutes, or sends no cookies");
      const begun = begunFrom((await seal.open(SIGN_IN, sealed))?.payload ?? {});
      if (!begun) throw new SignInStateError("the sign-in took longer than 10 minutes");
      return begun;
    },
    async makeBegun(begun) {
      const sealed = await seal.seal(SIGN_IN, { ...begun }, now() + SIGN_IN_MS);
      return set(SIGN_IN, sealed, SIGN_IN_MS, "Lax");
    },
    begunCleared: set(SIGN_IN, "", 0, "Lax"),
  };
}

function begunFrom({ state, nonce, verifier, returnTo }: Readonly<Record<string, unknown>>): BegunSignIn | undefined {
  if (typeof state !== "string" || typeof nonce !== "string") return undefined;
  if (typeof verifier !== "string" || typeof returnTo !== "string") return undefined;
  return { state, nonce, verifier, returnTo };
}

/** Returns the first cookie with a name from a `cookie` header (RFC 6265, 4.2.1); undefined: it has none. */
function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
}
