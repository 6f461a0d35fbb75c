import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Call } from "./call.ts";

/** An implementation of one RPC as the doors call it: a message or an iterable in, a message, a promise or an iterable out. */
export type Handler = (request: unknown, call: Call) => unknown;

/** One RPC with what answers it. */
export interface BoundMethod {
  readonly method: DescMethod;
  readonly handler: Handler;
}

/** A service with its implementation, ready to be mounted at every door. Build it with `route`. */
export interface Route {
  readonly service: DescService;
  readonly methods: readonly BoundMethod[];
}

/** Binds an implementation to its service. An RPC that it leaves out answers UNIMPLEMENTED. */
export function route<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): Route {
  const handlers = implementation as Readonly<Record<string, Handler | undefined>>;
  const methods = service.methods.map((method) => {
    const handler = handlers[method.localName];
    return { method, handler: handler ? handler.bind(implementation) : unimplemented(method) };
  });
  return { service, methods };
}

function unimplemented(method: DescMethod): Handler {
  return () => {
    throw new ConnectError(`${method.parent.typeName}.${method.name} is not implemented`, Code.Unimplemented);
  };
}

/** The path of an RPC on the wire, for example "/grpc.health.v1.Health/Check". */
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
