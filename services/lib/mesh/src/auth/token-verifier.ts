import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import type { Caller } from "../call/caller.ts";
import { createKeySource, type KeyOrigin, type KeySourceOptions, type PublicKeys } from "./key-source.ts";
import { isRight, isRoleName } from "./permissions.ts";
import { SCOPE_CLAIM, scopeFromClaim } from "./scope-claim.ts";
import { subjectViolation, typeName } from "./subject.ts";

/** Which tokens a server accepts. */
export interface TokenSettings {
  /**
   * Public keys: a JWKS URL of an identity provider, a JWKS file (`bellwether auth` creates one), or the keys
   * themselves.
   */
  readonly keys: KeyOrigin;
  /** Required `iss` claim. */
  readonly issuer: string;
  /** Required `aud` claim. */
  readonly audience: string;
  /** Path of the claim with the caller's roles, separated by dots: "roles", "realm_access.roles". */
  readonly rolesClaim: string;
}

/** A token is not accepted. */
export class TokenError extends Error {
  override readonly name = "TokenError" as const;
  readonly reason: "TOKEN_EXPIRED" | "TOKEN_INVALID" | "KEYS_UNAVAILABLE";

  constructor(reason: TokenError["reason"], message: string, cause: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/**
 * Returns the caller whom a token identifies, without a promise for a remembered token.
 * @throws TokenError, or rejects with it
 */
export type TokenVerifier = (token: string) => Caller | Promise<Caller>;

/**
 * Signature algorithms with a public key only: a server that can verify tokens must not be able to sign them.
 */
const ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "ES384", "RS256", "RS512", "PS256"];

/** Maximum difference between the clocks of issuer and server, in seconds. */
const CLOCK_TOLERANCE_S = 5;

/**
 * Maximum number of tokens that are remembered, until they expire or the keys change: verifying a signature
 * costs 100 times a look-up.
 */
const MAX_REMEMBERED = 10_000;
/**
 * Maximum number of keys that are tried for one token. During a key rotation several keys match a token that
 * has no key id.
 */
const MAX_KEYS_TRIED = 8;

/**
 * Verifies tokens with keys that are read periodically. A removed key is rejected within a minute, for
 * remembered tokens too.
 */
export function createTokenVerifier(settings: TokenSettings, options?: KeySourceOptions): TokenVerifier {
  const { keys: origin, issuer, audience, rolesClaim } = settings;
  const source = createKeySource(origin, options);
  const remembered = new Map<string, { readonly caller: Caller; readonly expiresAt: number }>();
  let rememberedFor: PublicKeys | undefined;
  const verifyOptions: JWTVerifyOptions = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ["sub", "exp"],
  };

  const use = (keys: PublicKeys): void => {
    if (keys === rememberedFor) return;
    remembered.clear();
    rememberedFor = keys;
  };
  const check = async (token: string, keys: PublicKeys): Promise<JWTPayload> => {
    try {
      return (await jwtVerify(token, keys.find, verifyOptions)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return await checkWithEach(token, error, verifyOptions);
    }
  };
  const verify = async (token: string): Promise<Caller> => {
    try {
      let keys = await source.latest();
      const payload = await check(token, keys).catch(async (error) => {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        keys = await source.renewed();
        return await check(token, keys);
      });
      const caller = callerFromClaims(payload, rolesClaim);
      if (keys === source.fresh()) {
        use(keys);
        // Removes the oldest token: a Map iterates in insertion order.
        if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? "");
        remembered.set(token, { caller, expiresAt: ((payload.exp ?? 0) + CLOCK_TOLERANCE_S) * 1000 });
      }
      return caller;
    } catch (cause) {
      throw tokenError(cause);
    }
  };

  return (token) => {
    const keys = source.fresh();
    if (!keys) return verify(token);
    use(keys);
    const known = remembered.get(token);
    if (!known) return verify(token);
    if (known.expiresAt > Date.now()) return known.caller;
    remembered.delete(token);
    throw new TokenError("TOKEN_EXPIRED", "the token has expired", undefined);
  };
}

/**
 * Verifies a token without a key id with each of several matching keys.
 * @throws the last key's error
 */
async function checkWithEach(
  token: string,
  several: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let failure: unknown = several;
  let tried = 0;
  for await (const key of several) {
    if (tried++ >= MAX_KEYS_TRIED) break;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      failure = error;
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
    }
  }
  throw failure;
}

/** @throws TokenError for a subject or roles that are not of the type and size that callers have */
function callerFromClaims(payload: JWTPayload, rolesClaim: string): Caller {
  // jose only checks that the claim is present.
  const subject: unknown = payload.sub;
  const violation = subjectViolation(subject);
  if (typeof subject !== "string" || violation !== undefined) throw invalidClaim("sub", violation ?? "");
  const names = roleNames(payload, rolesClaim);
  const rights = names.filter(isRight);
  const scope = scopeFromClaim(payload[SCOPE_CLAIM], (text) => invalidClaim(SCOPE_CLAIM, text));
  // A service works on all suppliers, and calls for persons.
  if (scope && names.includes("service")) throw invalidClaim(SCOPE_CLAIM, "is not for the role service");
  return {
    subject,
    roles: new Set(names.filter(isRoleName)),
    ...(rights.length > 0 && { rights: new Set(rights) }),
    ...(scope && { scope }),
    via: "token",
    ...(payload.exp !== undefined && { expiresAtMs: payload.exp * 1000 }),
  };
}

/** Returns the names in the roles claim: none when the token lacks it. @throws TokenError */
function roleNames(payload: JWTPayload, rolesClaim: string): readonly string[] {
  let claim: unknown = payload;
  for (const part of rolesClaim.split(".")) {
    const isParent = typeof claim === "object" && claim !== null && Object.hasOwn(claim, part);
    claim = isParent ? Reflect.get(claim as object, part) : undefined;
  }
  if (claim === undefined) return [];
  if (typeof claim === "string") return claim.split(" ");
  if (!Array.isArray(claim)) throw invalidClaim(rolesClaim, `is ${typeName(claim)}, not a list of strings`);
  const other = claim.findIndex((name) => typeof name !== "string");
  if (other >= 0) throw invalidClaim(rolesClaim, `has ${typeName(claim[other])} in it, not only strings`);
  return claim;
}

function invalidClaim(claim: string, violation: string): TokenError {
  return new TokenError("TOKEN_INVALID", `the token's claim "${claim}" ${violation}`, undefined);
}

function tokenError(cause: unknown): TokenError {
  if (cause instanceof TokenError) return cause;
  if (cause instanceof errors.JWTExpired) return new TokenError("TOKEN_EXPIRED", "the token has expired", cause);
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return new TokenError("TOKEN_INVALID", `the token's claim "${cause.claim}" is not accepted`, cause);
  }
  // jose's own errors concern the token; all other errors concern reading or using the keys.
  if (!(cause instanceof errors.JOSEError) || cause.code === "ERR_JOSE_GENERIC")
    return new TokenError("KEYS_UNAVAILABLE", "the public keys of the token issuer cannot be read", cause);
  return new TokenError("TOKEN_INVALID", "the token is not valid", cause);
}
