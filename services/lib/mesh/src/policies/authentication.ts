import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { bearerToken, type CredentialSource } from "../auth/credential-source.ts";
import type { KeySourceLog } from "../auth/key-source.ts";
import { ON_BEHALF_HEADER, personBehind } from "../auth/on-behalf.ts";
import { isRight, isRoleName, mayCall } from "../auth/permissions.ts";
import type { RequiredRole } from "../auth/required-role.ts";
import { isOpenToScoped, scopeTooNarrow } from "../auth/scope-rule.ts";
import { createTokenVerifier, TokenError, type TokenSettings } from "../auth/token-verifier.ts";
import { createTokenWatches } from "../auth/token-watches.ts";
import type { Call } from "../call/call.ts";
import type { Caller, Right, RoleName } from "../call/caller.ts";
import type { Policy } from "../call/policy.ts";
import { rpcError } from "../errors/rpc-error.ts";

/** How callers are authenticated. */
export interface AuthSettings {
  /** Bearer tokens; left out: no token is accepted. */
  readonly tokens?: TokenSettings;
  /** Roles and rights by a name in the client's verified certificate. Empty: no certificate is accepted. */
  readonly identities: Readonly<Record<string, readonly (RoleName | Right)[]>>;
  /** Other kinds of credentials, for example sessions of browsers. They are tried first, in order. */
  readonly credentials?: readonly CredentialSource[];
  /**
   * Whether bearer tokens are accepted in clear text on addresses that other machines can reach, for servers
   * behind a proxy that ends TLS. Default false.
   */
  readonly allowCleartext?: boolean;
}

/**
 * Identifies the caller by the other credentials if there are any, otherwise by token, otherwise by certificate.
 * Checks the caller's roles against the role that the RPC requires, before the body is read, and denies callers with a
 * supplier scope the RPCs that do not filter by it. The watches of a token end when the token expires or is no longer
 * accepted.
 */
export function authenticationPolicy(
  settings: AuthSettings,
  required: ReadonlyMap<DescMethod, RequiredRole>,
  log?: KeySourceLog,
): Policy {
  const verify = settings.tokens && createTokenVerifier(settings.tokens, { ...(log && { log }) });
  const identities = new Map(
    Object.entries(settings.identities).map(([name, given]) => {
      const rights = given.filter(isRight);
      const roles = new Set(given.filter(isRoleName));
      return [name, { roles, ...(rights.length > 0 && { rights: new Set(rights) }) }];
    }),
  );

  const watches = verify && createTokenWatches({ verify, toError: errorFrom });

  const { credentials = [] } = settings;
  const needed =
    credentials.length === 0
      ? "a bearer token or a known client certificate is needed"
      : "a session, a bearer token, an API key or a known client certificate is needed";

  // Shared: creating and encoding an error costs more than the rest of a rejected call.
  const missing = unauthenticated("CREDENTIALS_MISSING", needed);

  const openToScoped = new Set([...required.keys()].filter(isOpenToScoped));

  const letIn = (call: Call, role: RequiredRole, identified: Caller): void => {
    const caller = personBehind(identified, call.header(ON_BEHALF_HEADER));
    call.caller = caller;
    call.identified = true;
    if (!mayCall(caller.roles, role, caller.rights)) throw notAllowed(call, role);
    if (caller.scope !== undefined && !openToScoped.has(call.method)) throw scopeTooNarrow(call.method);
  };
  const byCertificate = (call: Call): Caller | undefined => {
    for (const name of call.peer.certificateNames) {
      const known = identities.get(name);
      if (known) return { subject: name, ...known, via: "certificate" };
    }
  };

  return {
    open(call) {
      const role = required.get(call.method) ?? "admin";
      if (role === "public") return;
      for (const source of credentials) {
        const caller = source.identify(call);
        if (caller instanceof Promise) return caller.then((who) => letIn(call, role, who));
        if (caller) return letIn(call, role, caller);
      }
      const token = bearerToken(call);
      if (token === undefined || !verify) {
        const caller = identities.size > 0 ? byCertificate(call) : undefined;
        if (!caller) throw missing;
        letIn(call, role, caller);
        return;
      }
      const letInWithToken = (caller: Caller): void => {
        letIn(call, role, caller);
        if (call.bound.limits.openEnded) watches?.add(call, token, caller);
      };
      const caller = tryNow(() => verify(token));
      if (!(caller instanceof Promise)) letInWithToken(caller);
      else return caller.then(letInWithToken, rethrow);
    },
    close(call) {
      watches?.remove(call);
      for (const source of credentials) source.close?.(call);
    },
  };
}

function tryNow<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return rethrow(error);
  }
}

function rethrow(error: unknown): never {
  throw error instanceof TokenError ? errorFrom(error) : error;
}

function errorFrom(error: TokenError): ConnectError {
  if (error.reason !== "KEYS_UNAVAILABLE") return unauthenticated(error.reason, error.message);
  return rpcError(Code.Unavailable, error.reason, error.message, { retryAfterMs: 1_000, cause: error });
}

function unauthenticated(reason: string, message: string): ConnectError {
  return rpcError(Code.Unauthenticated, reason, message);
}

/** Roles in words, where one of several is enough. */
const SEVERAL: Readonly<Partial<Record<RequiredRole, string>>> = {
  runner: '"admin" or "service"',
  promoter: '"admin" or a right such as "promote:challenger"',
};

function notAllowed(call: Call, role: RequiredRole): ConnectError {
  const roles = SEVERAL[role] ?? `"${role}"`;
  const message = `${call.method.parent.typeName}/${call.method.name} asks for the role ${roles}`;
  return rpcError(Code.PermissionDenied, "ROLE_MISSING", message, { metadata: { required_role: role } });
}
