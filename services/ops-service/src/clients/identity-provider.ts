import * as oidc from "openid-client";
import type { IdentityProvider, ProviderClaims } from "../domain/access/sign-in.ts";
import {
  IdentityProviderUnavailableError,
  SignInRejectedError,
  SignInStateError,
} from "../domain/access/sign-in-error.ts";

/** How this service is registered at the identity provider. */
export interface IdentityProviderOptions {
  /** URL of the issuer, below which /.well-known/openid-configuration is. */
  readonly issuer: URL;
  readonly clientId: string;
  /** Undefined: the client is public, protected by PKCE only. */
  readonly clientSecret?: string;
  /** Scopes, separated by spaces; "openid" is among them. */
  readonly scope: string;
  /** URL to which the provider sends the browser back. */
  readonly redirectUri: URL;
  /** URL to which the provider sends the browser after it has signed out there. */
  readonly signedOutUri: URL;
  /** Path of the claim with the groups; the user information is read when the ID token lacks it. */
  readonly groupsClaim: string;
  /** Whether http is allowed: for a provider on this machine only. */
  readonly allowHttp: boolean;
  /** Returns the time of a monotonic clock, milliseconds. */
  readonly monotonicMs?: () => number;
}

/** Time limit of each request to the provider, seconds. */
const TIMEOUT_S = 10;
/** The metadata of the provider are read again after this time, so that changed endpoints are noticed. */
const METADATA_MS = 60 * 60_000;
/** Minimum time between two failed reads of the metadata. */
const RETRY_MS = 2_000;

/**
 * Connects to an identity provider by OpenID Connect: code flow with PKCE, state and nonce; the signature of the
 * ID token is verified. The provider's metadata are read at the first sign-in, and again after a failure, so a
 * provider that is down does not prevent a start.
 */
export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const { clientId, redirectUri, scope, groupsClaim, issuer } = options;
  const configuration = createDiscovery(options);
  let latest: oidc.Configuration | undefined;
  const current = async (): Promise<oidc.Configuration> => {
    latest = await configuration();
    return latest;
  };
  return {
    label: issuer.hostname,
    async begin() {
      const config = await current();
      const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri.href,
        scope,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { url, kept: { state, nonce, verifier } };
    },
    async complete(answer, { state, nonce, verifier }) {
      const config = await current();
      const url = new URL(redirectUri);
      url.search = answer;
      try {
        const tokens = await oidc.authorizationCodeGrant(config, url, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new IdentityProviderUnavailableError("it sent no ID token");
        const subject = claims.sub;
        if (hasClaim(claims, groupsClaim) || config.serverMetadata().userinfo_endpoint === undefined)
          return { subject, claims };
        const information = await oidc.fetchUserInfo(config, tokens.access_token, subject);
        return { subject, claims: { ...claims, ...information } } satisfies ProviderClaims;
      } catch (error) {
        throw translated(error);
      }
    },
    signOutUrl() {
      if (latest?.serverMetadata().end_session_endpoint === undefined) return undefined;
      const parameters = { client_id: clientId, post_logout_redirect_uri: options.signedOutUri.href };
      return oidc.buildEndSessionUrl(latest, parameters).href;
    },
  };
}

/** Returns a function that reads the provider's metadata once for all callers, and keeps them for an hour. */
function createDiscovery(options: IdentityProviderOptions): () => Promise<oidc.Configuration> {
  const { issuer, clientId, clientSecret, allowHttp, monotonicMs = () => performance.now() } = options;
  let known: { readonly config: oidc.Configuration; readonly readAt: number } | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let reading: Promise<oidc.Configuration> | undefined;
  const read = async (): Promise<oidc.Configuration> => {
    try {
      const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
      const config = await oidc.discovery(issuer, clientId, undefined, authentication, {
        timeout: TIMEOUT_S,
        // The signature of the ID token is verified too, not only the connection by which it arrives.
        execute: [oidc.enableNonRepudiationChecks, ...(allowHttp ? [oidc.allowInsecureRequests] : [])],
      });
      known = { config, readAt: monotonicMs() };
      failure = undefined;
      return config;
    } catch (error) {
      failure = { error, at: monotonicMs() };
      throw error;
    } finally {
      reading = undefined;
    }
  };
  return async () => {
    if (known && monotonicMs() - known.readAt < METADATA_MS) return known.config;
    const isEarly = failure !== undefined && monotonicMs() - failure.at < RETRY_MS;
    if (isEarly && known) return known.config;
    if (isEarly) throw translated(failure?.error);
    reading ??= read();
    try {
      return await reading;
    } catch (error) {
      // Metadata that were read before are still used: the provider may answer the browser.
      if (known) return known.config;
      throw translated(error);
    }
  };
}

function hasClaim(claims: Readonly<Record<string, unknown>>, claim: string): boolean {
  return Object.hasOwn(claims, claim) || Object.hasOwn(claims, claim.split(".")[0] ?? "");
}

/** Codes of openid-client for answers that do not belong to the sign-in, or do not hold. */
const NOT_THIS_SIGN_IN: ReadonlySet<string> = new Set(["OAUTH_INVALID_RESPONSE", "OAUTH_JWT_CLAIM_COMPARISON_FAILED"]);

/** Translates an error of openid-client. Its text can contain what the provider sent, so it is only the cause. */
function translated(error: unknown): Error {
  if (error instanceof IdentityProviderUnavailableError) return error;
  if (error instanceof oidc.AuthorizationResponseError)
    return error.error === "temporarily_unavailable" || error.error === "server_error"
      ? new IdentityProviderUnavailableError(`it answered ${error.error}`, { cause: error })
      : new SignInRejectedError(`the identity provider did not sign you in (${plain(error.error)})`, { cause: error });
  if (error instanceof oidc.ResponseBodyError) {
    if (error.error === "invalid_grant")
      return new SignInStateError("the code of the identity provider was used before or has expired", { cause: error });
    return new IdentityProviderUnavailableError(`it rejected this service (${plain(error.error)})`, { cause: error });
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (NOT_THIS_SIGN_IN.has(code))
    return new SignInStateError("the answer of the identity provider does not belong to this sign-in", {
      cause: error,
    });
  return new IdentityProviderUnavailableError(reasonOf(error, code), { cause: error });
}

function reasonOf(error: unknown, code: string): string {
  const name = error instanceof Error ? error.name : "";
  if (code === "OAUTH_TIMEOUT" || name === "TimeoutError") return `no answer within ${TIMEOUT_S} s`;
  if (code.startsWith("OAUTH_")) return `its answer is not valid (${code})`;
  const cause = error instanceof Error ? error.cause : undefined;
  const system = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return `it does not answer${system}`;
}

/** Returns a code of the OAuth protocol as it is; any other text is left out. */
function plain(code: string): string {
  return /^[a-z_]{1,64}$/.test(code) ? code : "unknown error";
}
