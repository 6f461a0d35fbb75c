import { Role, role as roleOption } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import type { RoleName } from "../call/caller.ts";
import { methodPath } from "../call/method.ts";

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
 * Returns the role that each RPC requires: its `bellwether.policy.v1.role` option.
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
