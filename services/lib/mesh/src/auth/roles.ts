import { Role, role as roleOption } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import type { RoleName } from "../call/caller.ts";
import { methodPath } from "../call/method.ts";

/** What an RPC asks of its callers: a role, to be a service or an admin ("runner"), or nothing. */
export type RequiredRole = RoleName | "runner" | "public";

const NAMES: Readonly<Record<Role, RequiredRole | undefined>> = {
  [Role.UNSPECIFIED]: undefined,
  [Role.VIEWER]: "viewer",
  [Role.ANALYST]: "analyst",
  [Role.ADMIN]: "admin",
  [Role.SERVICE]: "service",
  [Role.RUNNER]: "runner",
};

/** What a role may do. A higher one may what a lower one may; SERVICE stands beside ADMIN. */
const MAY: Readonly<Record<RoleName, readonly RequiredRole[]>> = {
  viewer: ["public", "viewer"],
  analyst: ["public", "viewer", "analyst"],
  admin: ["public", "viewer", "analyst", "admin", "runner"],
  service: ["public", "viewer", "analyst", "service", "runner"],
};

/** RPCs of vendored contracts, which carry no options of ours. Probes come without a token. */
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
};

/** RPCs whose contract does not say who may call them. */
export class MissingRoleError extends Error {
  override readonly name = "MissingRoleError" as const;

  constructor(paths: readonly string[]) {
    super(`no role is stated for ${paths.join(", ")}: add option (bellwether.policy.v1.role) to each`);
  }
}

/** The role that each RPC asks for. @throws MissingRoleError naming every RPC without one */
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

/** Whether somebody with `roles` may call what asks for `required`. */
export function mayCall(roles: ReadonlySet<RoleName>, required: RequiredRole): boolean {
  if (required === "public") return true;
  for (const role of roles) if (MAY[role].includes(required)) return true;
  return false;
}

export function isRoleName(name: unknown): name is RoleName {
  return typeof name === "string" && Object.hasOwn(MAY, name);
}
