import {
  ScopeRule,
  scope_instead as scopeInsteadOption,
  scope_rule as scopeRuleOption,
} from "@bellwether/gen/bellwether/policy/v1/scope_pb";
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { methodPath } from "../call/method.ts";
import { rpcError } from "../errors/rpc-error.ts";

/** Services of vendored contracts, which cannot carry this project's options. None of them has stored suppliers. */
const VENDORED: ReadonlySet<string> = new Set([
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "inference.GRPCInferenceService",
]);

/**
 * Whether callers with a supplier scope may call an RPC: its handler then returns only what is in the scope, or has
 * nothing that belongs to one supplier. An RPC that declares nothing is closed to them.
 */
export function isOpenToScoped(method: DescMethod): boolean {
  const rule = getOption(method, scopeRuleOption);
  return rule === ScopeRule.FILTERED || rule === ScopeRule.NOT_BOUND || VENDORED.has(method.parent.typeName);
}

/** Returns the error for a caller with a scope whose call is about all suppliers together, with what the contract says about it. */
export function scopeTooNarrow(method: DescMethod): ConnectError {
  const message = `${methodPath(method).slice(1)} is about all suppliers together, and you see only those of your regions and categories: ask somebody without this limit`;
  const instead = getOption(method, scopeInsteadOption);
  return rpcError(Code.PermissionDenied, "SUPPLIER_SCOPE", instead === "" ? message : `${message}. ${instead}`);
}
