import { Role, role as roleOption } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { Caller, Right, RoleName } from "../call/caller.ts";
import { methodPath } from "../call/method.ts";
import { rpcError } from "../errors/rpc-error.ts";

/**
 * Which callers may call an RPC: those with the named role, services and admins ("runner"), admins and callers with a
 * right ("promoter"), or everybody ("public").
 */
export type RequiredRole = RoleName | "runner" | "promoter" | "public";

const NAMES: Readonly<Record<Role, RequiredRole | undefined>> = {
  [Role.UNSPECIFIED]: undefined,
  [Role.VIEWER]: "viewer",
  [Role.ANALYST]: "analyst",
  [Role.ADMIN]: "admin",
  [Role.SERVICE]: "service",
  [Role.RUNNER]: "runner",
  [Role.PROMOTER]: "promoter",
};

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

/** RPCs of vendored contracts, which cannot carry this project's options. Health probes have no token. */
const VENDORED: Readonly<Record<string, RequiredRole>> = {
  "/grpc.health.v1.Health/Check": "public",
  "/grpc.health.v1.Health/Watch": "public",
  "/grpc.health.v1.Health/List": "public",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "viewer",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "viewer",
  "/inference.GRPCInferenceService/ServerLive": "public",
  "/inference.GRPCInferenceService/ServerReady": "public",
  "/inference.GRPCInferenceService/ModelReady": "public",
  "/inference.GRPCInferenceService/ServerMetadata": "viewer",
  "/inference.GRPCInferenceService/ModelMetadata": "viewer",
  "/inference.GRPCInferenceService/ModelInfer": "viewer",
  "/inference.GRPCInferenceService/ModelConfig": "viewer",
  "/inference.GRPCInferenceService/ModelStatistics": "viewer",
  "/inference.GRPCInferenceService/RepositoryIndex": "viewer",
};

/** The contract of some RPCs does not state who may call them. */
export class MissingRoleError extends Error {
  override readonly name = "MissingRoleError" as const;

  constructor(paths: readonly string[]) {
    super(`no role is stated for ${paths.join(", ")}: add option (bellwether.policy.v1.role) to each`);
  }
}

/**
 * Returns the role that each RPC requires.
 * @throws MissingRoleError naming every RPC without a role
 */
export function requiredRoles(methods: readonly DescMethod[]): ReadonlyMap<DescMethod, RequiredRole> {
  const roles = new Map<DescMethod, RequiredRole>();
  const missing: string[] = [];
  for (const method of methods) {
    const role = NAMES[getOption(method, roleOption)] ?? VENDORED[methodPath(method)];
    if (role) roles.set(method, role);
    else missing.push(methodPath(method));
  }
  if (missing.length > 0) throw new MissingRoleError(missing);
  return roles;
}

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
