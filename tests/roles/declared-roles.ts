import { globSync } from "node:fs";
import path from "node:path";
import { Role, role as roleOption } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { ScopeRule, scope_rule as scopeRuleOption } from "@bellwether/gen/bellwether/policy/v1/scope_pb";
import { ServerReflection } from "@bellwether/gen/grpc/reflection/v1/reflection_pb";
import type { RoleName } from "@bellwether/mesh/call/caller";
import { type DescMethod, type DescService, getOption } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";

/** Who calls: a role, or nobody: a call without credentials. */
export type CallerKind = RoleName | "nobody";

/** How a call may end: the checks of role and scope let it through or not. */
export type Outcome = "allowed" | "ROLE_MISSING" | "SUPPLIER_SCOPE" | "CREDENTIALS_MISSING";

/** The callers that may call an RPC with each role, as proto/bellwether/policy/v1/role.proto says. */
const MAY_CALL: Readonly<Record<number, readonly CallerKind[]>> = {
  [Role.VIEWER]: ["viewer", "analyst", "admin", "service"],
  [Role.ANALYST]: ["analyst", "admin", "service"],
  [Role.ADMIN]: ["admin"],
  [Role.SERVICE]: ["service"],
  [Role.RUNNER]: ["admin", "service"],
  [Role.PROMOTER]: ["admin"],
};

/** The rules of RPCs that callers with a scope may call, as proto/bellwether/policy/v1/scope.proto says. */
const OPEN_TO_SCOPED: readonly ScopeRule[] = [ScopeRule.FILTERED, ScopeRule.NOT_BOUND];

/** Contracts of other projects, which cannot have this project's option: health probes have no token. */
const PUBLIC_SERVICES = ["grpc.health.v1.Health"];
const PUBLIC_METHODS = ["ServerLive", "ServerReady", "ModelReady"].map(
  (name) => `inference.GRPCInferenceService/${name}`,
);
const VIEWER_SERVICES = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "inference.GRPCInferenceService",
];

const GENERATED = path.resolve(import.meta.dirname, "../../gen");

/** Returns every service of the generated contracts, by its name. */
export async function generatedServices(): Promise<ReadonlyMap<string, DescService>> {
  const files = globSync("{bellwether,grpc,inference}/**/*_pb.ts", { cwd: GENERATED });
  const modules: readonly object[] = await Promise.all(files.map((file) => import(path.join(GENERATED, file))));
  const services = modules.flatMap((module): unknown[] => Object.values(module)).filter(isService);
  return new Map(services.map((service) => [service.typeName, service]));
}

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}

/** Asks a server for the names of its services. */
export async function servedNames(transport: Transport, headers: HeadersInit): Promise<readonly string[]> {
  const listServices = (async function* () {
    yield { messageRequest: { case: "listServices", value: "" } } as const;
  })();
  const answers = createClient(ServerReflection, transport).serverReflectionInfo(listServices, { headers });
  for await (const { messageResponse } of answers)
    if (messageResponse.case === "listServicesResponse") return messageResponse.value.service.map(({ name }) => name);
  throw new Error("the server did not list its services");
}

/**
 * Returns how a call of an RPC ends for a caller, as the contract declares it.
 * @param hasScope whether the caller sees only some suppliers
 */
export function declaredOutcome(method: DescMethod, caller: CallerKind, hasScope = false): Outcome {
  const { typeName } = method.parent;
  if (PUBLIC_SERVICES.includes(typeName) || PUBLIC_METHODS.includes(`${typeName}/${method.name}`)) return "allowed";
  if (caller === "nobody") return "CREDENTIALS_MISSING";
  const role = VIEWER_SERVICES.includes(typeName) ? Role.VIEWER : getOption(method, roleOption);
  if (!MAY_CALL[role]?.includes(caller)) return "ROLE_MISSING";
  const isOpen = VIEWER_SERVICES.includes(typeName) || OPEN_TO_SCOPED.includes(getOption(method, scopeRuleOption));
  return hasScope && !isOpen ? "SUPPLIER_SCOPE" : "allowed";
}
