import { type EnvOf, env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import type { SealKey } from "@bellwether/mesh/auth/seal";
import { sessionKeys } from "@bellwether/mesh/auth/session-keys";
import { isLoopback } from "@bellwether/mesh/listener/listen";
import { type GroupScope, parseGroupScopes } from "../domain/access/group-scopes.ts";
import type { PersonRole, SessionLimits } from "../domain/access/session.ts";
import type { ClaimRules } from "../domain/access/sign-in.ts";

const SCOPE = { pattern: /^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, expected: "scopes with spaces, openid first" };
const CLAIM = { pattern: /^[\w:/.-]{1,256}$/, expected: "a claim, for example groups or realm_access.roles" };
const ROLES = {
  pattern: /^[^,=]+=(viewer|analyst|admin)(,[^,=]+=(viewer|analyst|admin))*$/,
  expected: "groups with roles viewer, analyst or admin, for example Risk Analysts=analyst,Risk Admins=admin",
};
const SUPPLIERS = {
  pattern: /^\{.*\}$/s,
  expected:
    'JSON with the suppliers of each group, for example {"Buyers Europe":{"regions":["Europe"]},"Risk Admins":"all"}',
};
const CLIENT_ID = {
  pattern: /^[\x21-\x7e]{1,256}$/,
  expected: "the client id of this service at the identity provider",
};

/** The variables of sign-in. */
export const SIGN_IN_ENV = {
  publicUrl: env.optional(env.url("BELLWETHER_PUBLIC_URL", ["https", "http"])),
  sessionKey: sharedEnv.sessionKey,
  sessionKeyFile: sharedEnv.sessionKeyFile,
  sessionIdle: env.durationMs("BELLWETHER_SESSION_IDLE", "2h", { min: "1m", max: "24h" }),
  sessionLifetime: env.durationMs("BELLWETHER_SESSION_LIFETIME", "12h", { min: "5m", max: "7d" }),
  sessionRotate: env.durationMs("BELLWETHER_SESSION_ROTATE", "15m", { min: "1m", max: "24h" }),
  oidcIssuer: env.optional(env.url("BELLWETHER_OIDC_ISSUER", ["https", "http"])),
  oidcClientId: env.optional(env.text("BELLWETHER_OIDC_CLIENT_ID", CLIENT_ID)),
  oidcClientSecret: env.optional(env.secret("BELLWETHER_OIDC_CLIENT_SECRET")),
  oidcScope: env.text("BELLWETHER_OIDC_SCOPE", SCOPE, "openid profile email"),
  oidcGroupsClaim: env.text("BELLWETHER_OIDC_GROUPS_CLAIM", CLAIM, "groups"),
  oidcRoles: env.optional(env.text("BELLWETHER_OIDC_ROLES", ROLES)),
  oidcSuppliers: env.optional(env.text("BELLWETHER_OIDC_SUPPLIERS", SUPPLIERS)),
};

/** How this service is registered at an identity provider. */
export interface ProviderSettings {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly scope: string;
}

/** How people sign in. */
export interface SignInSettings {
  readonly keys: readonly SealKey[];
  readonly limits: SessionLimits;
  readonly rules: ClaimRules;
  /** URL of the service as browsers see it, with a slash at the end. Undefined: the URL of the listener. */
  readonly publicUrl?: URL;
  /** Undefined: there is no identity provider. */
  readonly provider?: ProviderSettings;
  /** Whether one-time links of `bellwether start` are accepted. */
  readonly links: boolean;
}

type SignInEnv = EnvOf<typeof SIGN_IN_ENV> & {
  readonly host: string;
  readonly webPort: number;
  readonly tlsCert: string | null;
  readonly dataDir: string;
  readonly authAllowCleartext: boolean;
};

/**
 * Returns the settings of sign-in. Undefined: nobody can sign in, because authentication is off or because there
 * is no key for sessions, which `warn` reports.
 * @throws Error that names the variable that is missing or contradicts another
 */
export async function readSignIn(
  read: SignInEnv,
  hasAuthentication: boolean,
  warn: (message: string) => void,
): Promise<SignInSettings | undefined> {
  if (!hasAuthentication) {
    if (read.oidcIssuer === null) return undefined;
    throw new Error(
      "BELLWETHER_OIDC_ISSUER needs authentication of the services too: set BELLWETHER_AUTH_JWKS_FILE, BELLWETHER_AUTH_JWKS_URL or BELLWETHER_AUTH_IDENTITIES",
    );
  }
  const provider = providerFrom(read);
  const publicUrl = publicUrlFrom(read, provider !== undefined);
  const keys = await sessionKeys(read).catch((error: unknown) => {
    // Replicas with a key of their own would not accept each other's sessions.
    const isGiven = read.sessionKey !== null || read.sessionKeyFile !== null;
    if (isGiven || provider) throw error;
    warn(`nobody can sign in: set BELLWETHER_SESSION_KEY (${error instanceof Error ? error.message : String(error)})`);
  });
  if (!keys) return undefined;
  return {
    keys,
    limits: { idleMs: read.sessionIdle, lifetimeMs: read.sessionLifetime, rotateMs: read.sessionRotate },
    rules: {
      ...{ groupsClaim: read.oidcGroupsClaim, roles: rolesFrom(read.oidcRoles ?? "") },
      ...(read.oidcSuppliers !== null && { scopes: scopesFrom(read.oidcSuppliers) }),
    },
    links: isLoopback(read.host),
    ...(publicUrl && { publicUrl }),
    ...(provider && { provider }),
  };
}

function providerFrom(read: SignInEnv): ProviderSettings | undefined {
  const { oidcIssuer, oidcClientId, oidcClientSecret, oidcRoles } = read;
  if (oidcIssuer === null) return undefined;
  if (oidcClientId === null || oidcRoles === null)
    throw new Error(
      "BELLWETHER_OIDC_ISSUER, BELLWETHER_OIDC_CLIENT_ID and BELLWETHER_OIDC_ROLES belong together: set all three",
    );
  const issuer = new URL(oidcIssuer);
  if (issuer.protocol === "http:" && !isLoopback(issuer.hostname) && !read.authAllowCleartext)
    throw new Error(
      `BELLWETHER_OIDC_ISSUER: ${issuer.href} is read in clear text: use https, or set BELLWETHER_AUTH_ALLOW_CLEARTEXT=true where the network is trusted`,
    );
  return {
    issuer,
    clientId: oidcClientId,
    scope: read.oidcScope,
    ...(oidcClientSecret !== null && { clientSecret: oidcClientSecret.reveal() }),
  };
}

/** Returns the URL of the page, with a slash at the end. @throws Error when it has more than a path */
export function pageUrl(publicUrl: string): URL {
  const url = new URL(publicUrl);
  if (url.search !== "" || url.hash !== "" || url.username !== "")
    throw new Error("BELLWETHER_PUBLIC_URL: expected scheme, host, port and path only");
  url.pathname = url.pathname.replace(/\/*$/, "/");
  return url;
}

/** The identity provider must know the URL to which it sends browsers back, so it cannot come from a request. */
function publicUrlFrom(read: SignInEnv, isNeeded: boolean): URL | undefined {
  const { publicUrl, host, webPort, tlsCert } = read;
  if (publicUrl !== null) return pageUrl(publicUrl);
  if (!isNeeded) return undefined;
  if (isLoopback(host) && webPort !== 0)
    return new URL(`${tlsCert === null ? "http" : "https"}://localhost:${webPort}/`);
  throw new Error(
    "BELLWETHER_OIDC_ISSUER needs BELLWETHER_PUBLIC_URL: the URL under which browsers reach this service, for example https://risk.example.org",
  );
}

function rolesFrom(text: string): ReadonlyMap<string, PersonRole> {
  const roles = new Map<string, PersonRole>();
  for (const entry of text.split(",").filter(Boolean)) {
    const [group = "", role = ""] = entry.split("=").map((part) => part.trim());
    if (role !== "viewer" && role !== "analyst" && role !== "admin") continue;
    if (roles.has(group)) throw new Error(`BELLWETHER_OIDC_ROLES: the group ${JSON.stringify(group)} is given twice`);
    roles.set(group, role);
  }
  return roles;
}

function scopesFrom(text: string): ReadonlyMap<string, GroupScope> {
  try {
    return parseGroupScopes(text);
  } catch (cause) {
    throw new Error(`BELLWETHER_OIDC_SUPPLIERS: ${cause instanceof Error ? cause.message : ""}`, { cause });
  }
}
