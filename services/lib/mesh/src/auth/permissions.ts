import { Code } from "@connectrpc/connect";
import type { Caller, Right, RoleName } from "../call/caller.ts";
import { rpcError } from "../errors/rpc-error.ts";
import type { RequiredRole } from "./required-role.ts";

/**
 * Permissions of each role. A higher role includes the lower ones; "service" is neither above nor below
 * "admin".
 */
const MAY: Readonly<Record<RoleName, readonly RequiredRole[]>> = {
  viewer: ["public", "viewer"],
  analyst: ["public", "viewer", "analyst"],
  admin: ["public", "viewer", "analyst", "admin", "runner", "promoter"],
  service: ["public", "viewer", "analyst", "service", "runner"],
};

/** Whether a caller with `roles` and `rights` may call an RPC that requires `required`. */
export function mayCall(
  roles: ReadonlySet<RoleName>,
  required: RequiredRole,
  rights: ReadonlySet<Right> = NO_RIGHTS,
): boolean {
  if (required === "public" || (required === "promoter" && rights.size > 0)) return true;
  for (const role of roles) if (MAY[role].includes(required)) return true;
  return false;
}

const NO_RIGHTS: ReadonlySet<Right> = new Set();

/** Rights that a caller can have in addition to its roles. Each allows moving one alias of every model. */
export const RIGHTS: readonly Right[] = ["promote:champion", "promote:challenger"];

export function isRight(name: unknown): name is Right {
  return RIGHTS.some((right) => right === name);
}

/**
 * Checks that a caller may move an alias: an admin, or a caller with its right.
 * @throws ConnectError PERMISSION_DENIED
 */
export function checkRight({ roles, rights }: Pick<Caller, "roles" | "rights">, right: Right): void {
  if (roles.has("admin") || rights?.has(right)) return;
  const message = `this asks for the right "${right}" or the role "admin"`;
  throw rpcError(Code.PermissionDenied, "ROLE_MISSING", message, { metadata: { required_role: right } });
}

/**
 * Checks that the credential of a caller is still accepted, after work that takes long and before its effect.
 * @throws ConnectError UNAUTHENTICATED
 */
export function checkNotExpired({ expiresAtMs, via }: Pick<Caller, "expiresAtMs" | "via">, nowMs: number): void {
  if (expiresAtMs === undefined || nowMs < expiresAtMs) return;
  const reason = via === "key" ? "KEY_EXPIRED" : "TOKEN_EXPIRED";
  throw rpcError(Code.Unauthenticated, reason, "the credential of the call has expired meanwhile; nothing was changed");
}

export function isRoleName(name: unknown): name is RoleName {
  return typeof name === "string" && Object.hasOwn(MAY, name);
}
