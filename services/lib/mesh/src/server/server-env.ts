import { type EnvOf, env } from "@bellwether/env/env";
import { readTextFile, readTokenFile } from "@bellwether/env/text-file";
import { isRight, isRoleName, RIGHTS } from "../auth/permissions.ts";
import { readPublicKeys } from "../auth/public-keys.ts";
import type { Right, RoleName } from "../call/caller.ts";
import type { MeshTransportOptions } from "../client/mesh-transport.ts";
import { isLoopback, type TlsMaterial } from "../listener/listen.ts";
import { DEFAULT_LISTENER_LIMITS } from "../listener/listener-limits.ts";
import type { AuthSettings } from "../policies/authentication.ts";
import { DEFAULT_REQUEST_HEADERS } from "../web/web-guard.ts";
import type { ServerOptions } from "./start-server.ts";

/** Certificate names with their roles: `ops-service=service ci=admin`. */
const IDENTITIES = /^\s*[^\s=]+=[a-z,:]+(\s+[^\s=]+=[a-z,:]+)*\s*$/;
const ALLOW_CLEARTEXT = "BELLWETHER_AUTH_ALLOW_CLEARTEXT";
const MAX_HEADER_BYTES = DEFAULT_LISTENER_LIMITS.maxHeaderBytes;
const listOf = (one: string): RegExp => new RegExp(`^${one}(,${one})*$`);
/** Host name, or IPv6 address in brackets, as browsers send them. */
const HOST = String.raw`(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])`;
const ORIGIN_LIST = {
  pattern: listOf(String.raw`[a-z][a-z0-9+.-]*:\/\/${HOST}(?::\d{1,5})?`),
  expected:
    "origins such as https://dashboard.example.com in lower case, without a path, with commas and without spaces; * is not accepted, name each origin",
};
const HOST_LIST = {
  pattern: new RegExp(listOf(HOST).source, "i"),
  expected:
    "host names such as dashboard.example.com without a port, with commas and without spaces; * is not accepted",
};
/** Names of header fields (RFC 9110, 5.1). */
const HEADER_LIST = {
  pattern: /^[\w!#$%&'*+.^`|~-]+(,[\w!#$%&'*+.^`|~-]+)*$/,
  expected: "names of HTTP headers with commas and without spaces",
};

/**
 * Returns the readers of the environment variables of every server of the mesh. `prefix` is the service's,
 * for example "ML_SERVICE". Spread them into the service's own shape, so that all violations are reported at
 * once.
 */
export function serverEnv(prefix: string, ports: ServerOptions["ports"]) {
  return {
    host: env.text("BELLWETHER_HOST", { pattern: /^[\w.:-]+$/, expected: "an IP address or a host name" }, "127.0.0.1"),
    grpcPort: env.port(`${prefix}_GRPC_PORT`, ports.grpc),
    webPort: env.port(`${prefix}_WEB_PORT`, ports.web),
    adminPort: env.port(`${prefix}_ADMIN_PORT`, ports.admin),
    tlsCert: env.optional(env.path("BELLWETHER_TLS_CERT")),
    tlsKey: env.optional(env.path("BELLWETHER_TLS_KEY")),
    tlsCa: env.optional(env.path("BELLWETHER_TLS_CA")),
    authJwksUrl: env.optional(env.url("BELLWETHER_AUTH_JWKS_URL", ["https", "http"])),
    authJwksFile: env.optional(env.path("BELLWETHER_AUTH_JWKS_FILE")),
    authIssuer: env.text("BELLWETHER_AUTH_ISSUER", { pattern: /^\S+$/, expected: "the tokens' issuer" }, "bellwether"),
    authAudience: env.text(
      "BELLWETHER_AUTH_AUDIENCE",
      { pattern: /^\S+$/, expected: "the tokens' audience" },
      "bellwether",
    ),
    authRolesClaim: env.text(
      "BELLWETHER_AUTH_ROLES_CLAIM",
      { pattern: /^[\w-]+(\.[\w-]+)*$/, expected: "a claim, for example roles or realm_access.roles" },
      "roles",
    ),
    authIdentities: env.optional(
      env.text("BELLWETHER_AUTH_IDENTITIES", {
        pattern: IDENTITIES,
        expected: "certificate names with roles, for example ops-service=service ci=admin",
      }),
    ),
    authAllowCleartext: env.flag(ALLOW_CLEARTEXT, false),
    maxHeaderBytes: env.integer("BELLWETHER_MAX_HEADER_BYTES", { min: 4_096, max: 262_144 }, MAX_HEADER_BYTES),
    webOrigins: env.optional(env.text("BELLWETHER_WEB_ORIGINS", ORIGIN_LIST)),
    webHeaders: env.text("BELLWETHER_WEB_HEADERS", HEADER_LIST, DEFAULT_REQUEST_HEADERS.join(",")),
    webHosts: env.optional(env.text("BELLWETHER_WEB_HOSTS", HOST_LIST)),
    tokenFile: env.optional(env.path("BELLWETHER_TOKEN_FILE")),
  };
}

/** The values that `serverEnv` read. */
export type ServerEnv = EnvOf<ReturnType<typeof serverEnv>>;

/** The variables with which a service identifies itself to its peers. */
export type PeerEnv = Pick<ServerEnv, "tlsCert" | "tlsKey" | "tlsCa" | "tokenFile" | "authAllowCleartext">;

/**
 * Returns the options of `startServer` that come from the environment.
 * @throws Error that names the invalid variable or file
 */
export async function serverSettings(
  read: ServerEnv,
): Promise<Pick<ServerOptions, "host" | "ports" | "tls" | "auth" | "web" | "limits">> {
  const auth = await authSettings(read);
  const tls = tlsMaterial(read);
  const list = (text: string | null): readonly string[] | undefined => text?.split(",");
  const allowedHosts = list(read.webHosts);
  return {
    host: read.host,
    ports: { grpc: read.grpcPort, web: read.webPort, admin: read.adminPort },
    web: {
      allowedOrigins: list(read.webOrigins) ?? [],
      requestHeaders: read.webHeaders.split(","),
      ...(allowedHosts && { allowedHosts }),
    },
    ...(read.maxHeaderBytes !== MAX_HEADER_BYTES && { limits: { maxHeaderBytes: read.maxHeaderBytes } }),
    ...(tls && { tls }),
    ...(auth && { auth }),
  };
}

/** How a service identifies itself to its peers: its certificate, and the token in BELLWETHER_TOKEN_FILE. */
export function peerSettings(read: PeerEnv): Pick<MeshTransportOptions, "tls" | "token" | "allowCleartext"> {
  const material = tlsMaterial(read);
  const { tokenFile } = read;
  return {
    ...(material && { tls: material }),
    ...(tokenFile !== null && { token: () => readTokenFile("BELLWETHER_TOKEN_FILE", tokenFile) }),
    ...(read.authAllowCleartext && { allowCleartext: true }),
  };
}

function tlsMaterial({ tlsCert, tlsKey, tlsCa }: PeerEnv): TlsMaterial | undefined {
  if (tlsCert === null && tlsKey === null && tlsCa === null) return undefined;
  if (tlsCert === null || tlsKey === null)
    throw new Error("BELLWETHER_TLS_CERT and BELLWETHER_TLS_KEY belong together: set both");
  return {
    cert: readTextFile("BELLWETHER_TLS_CERT", tlsCert),
    key: readTextFile("BELLWETHER_TLS_KEY", tlsKey),
    ...(tlsCa !== null && { ca: readTextFile("BELLWETHER_TLS_CA", tlsCa) }),
  };
}

async function authSettings(read: ServerEnv): Promise<AuthSettings | undefined> {
  const { authJwksUrl, authJwksFile, authIdentities } = read;
  if (authJwksUrl !== null && authJwksFile !== null) {
    throw new Error("BELLWETHER_AUTH_JWKS_URL and BELLWETHER_AUTH_JWKS_FILE exclude each other: set one");
  }
  if (authIdentities !== null && read.tlsCa === null) {
    throw new Error("BELLWETHER_AUTH_IDENTITIES needs BELLWETHER_TLS_CA: without it no client certificate is verified");
  }
  if (authJwksUrl !== null) checkJwksUrl(new URL(authJwksUrl), read.authAllowCleartext);
  // Reads the file once now, so that an invalid file fails the start.
  if (authJwksFile !== null) await checkKeyFile(authJwksFile);
  const keys = authJwksUrl !== null ? new URL(authJwksUrl) : authJwksFile !== null ? { file: authJwksFile } : undefined;
  if (!keys && authIdentities === null) return undefined;
  const { authIssuer: issuer, authAudience: audience, authRolesClaim: rolesClaim } = read;
  return {
    identities: parseIdentities(authIdentities ?? ""),
    ...(keys && { tokens: { keys, issuer, audience, rolesClaim } }),
    ...(read.authAllowCleartext && { allowCleartext: true }),
  };
}

/** @throws Error that names the variable and the file */
async function checkKeyFile(file: string): Promise<void> {
  try {
    await readPublicKeys(file);
  } catch (cause) {
    const reason =
      cause instanceof Error && "code" in cause ? `${file} cannot be read (${cause.code})` : messageOf(cause);
    throw new Error(`BELLWETHER_AUTH_JWKS_FILE: ${reason}`, { cause });
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Rejects a key URL in clear text: whoever can change the keys in transit can sign accepted tokens. */
function checkJwksUrl(url: URL, allowCleartext: boolean): void {
  if (url.protocol === "https:" || allowCleartext || isLoopback(url.hostname)) return;
  throw new Error(
    `BELLWETHER_AUTH_JWKS_URL: ${url.href} is read in clear text: use https, or set ${ALLOW_CLEARTEXT}=true where the network is trusted`,
  );
}

function parseIdentities(text: string): Record<string, readonly (RoleName | Right)[]> {
  const identities: Record<string, readonly (RoleName | Right)[]> = {};
  for (const entry of text.trim().split(/\s+/).filter(Boolean)) {
    const [name = "", roles = ""] = entry.split("=");
    const known = roles.split(",").filter((role) => isRoleName(role) || isRight(role));
    if (known.length !== roles.split(",").length) {
      throw new Error(
        `BELLWETHER_AUTH_IDENTITIES: "${entry}" has an unknown role, expected viewer, analyst, admin, service, ${RIGHTS.join(" or ")}`,
      );
    }
    identities[name] = known;
  }
  return identities;
}
