import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import type { Caller } from "../caller.ts";
import { isRoleName } from "./roles.ts";

/** Which tokens a server believes. */
export interface TokenSettings {
  /** Public keys: a JWKS URL of an identity provider, or the keys themselves (`bellwether auth` makes them). */
  readonly keys: URL | JSONWebKeySet;
  /** `iss` that a token must have. */
  readonly issuer: string;
  /** `aud` that a token must have. */
  readonly audience: string;
  /** Claim with the caller's roles, a path with dots: "roles", "realm_access.roles". */
  readonly rolesClaim: string;
}

/** A token is not believed. */
export class TokenError extends Error {
  override readonly name = "TokenError" as const;
  readonly reason: "TOKEN_EXPIRED" | "TOKEN_INVALID" | "KEYS_UNAVAILABLE";

  constructor(reason: TokenError["reason"], message: string, cause: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** Who a token speaks for. Answers at once for a token it has seen. Rejects or throws TokenError. */
export type TokenVerifier = (token: string) => Caller | Promise<Caller>;

/** Only signatures with a public key: a server that can check tokens must not be able to make them. */
const ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "ES384", "RS256", "RS512", "PS256"];

/** Clocks of issuer and server may differ by so much. */
const CLOCK_TOLERANCE_S = 5;

/** A signature check costs 100 times a look-up; so many tokens are remembered until they expire. */
const MAX_REMEMBERED = 10_000;

export function createTokenVerifier({ keys, issuer, audience, rolesClaim }: TokenSettings): TokenVerifier {
  const keySet = keys instanceof URL ? createRemoteJWKSet(keys, { timeoutDuration: 3_000 }) : createLocalJWKSet(keys);
  const remembered = new Map<string, { readonly caller: Caller; readonly expiresAt: number }>();

  const verify = async (token: string): Promise<Caller> => {
    const options = {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ["sub", "exp"],
    };
    const { payload } = await jwtVerify(token, keySet, options).catch((cause) => {
      throw tokenError(cause);
    });
    const caller = callerFromClaims(payload, rolesClaim);
    // The oldest goes: a Map iterates in insertion order.
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? "");
    remembered.set(token, { caller, expiresAt: ((payload.exp ?? 0) + CLOCK_TOLERANCE_S) * 1000 });
    return caller;
  };

  return (token) => {
    const known = remembered.get(token);
    if (!known) return verify(token);
    if (known.expiresAt > Date.now()) return known.caller;
    remembered.delete(token);
    throw new TokenError("TOKEN_EXPIRED", "the token has expired", undefined);
  };
}

function callerFromClaims(payload: JWTPayload, rolesClaim: string): Caller {
  let claim: unknown = payload;
  for (const part of rolesClaim.split(".")) {
    claim = typeof claim === "object" && claim !== null ? Reflect.get(claim, part) : undefined;
  }
  const names = Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(" ") : [];
  return { subject: payload.sub ?? "", roles: new Set(names.filter(isRoleName)), via: "token" };
}

function tokenError(cause: unknown): TokenError {
  if (cause instanceof errors.JWTExpired) return new TokenError("TOKEN_EXPIRED", "the token has expired", cause);
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return new TokenError("TOKEN_INVALID", `the token's claim "${cause.claim}" does not fit`, cause);
  }
  // jose's own errors are about the token, but for those of fetching keys; a TypeError is fetch's.
  const aboutKeys =
    cause instanceof errors.JWKSTimeout || !(cause instanceof errors.JOSEError) || cause.code === "ERR_JOSE_GENERIC";
  if (aboutKeys) return new TokenError("KEYS_UNAVAILABLE", "the identity provider's keys cannot be had", cause);
  return new TokenError("TOKEN_INVALID", "the token is not valid", cause);
}
