import type { DescMethod } from "@bufbuild/protobuf";

/** Returns the path of an RPC on the wire, for example "/grpc.health.v1.Health/Check". */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** Whether the client sends a stream. */
export function streamsIn(method: DescMethod): boolean {
  return method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
}

/** Whether the server answers with a stream. */
export function streamsOut(method: DescMethod): boolean {
  return method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
}
