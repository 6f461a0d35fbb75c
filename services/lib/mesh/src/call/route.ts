import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Call } from "./call.ts";
import { type CallLimits, callLimits, isProbe } from "./call-limits.ts";
import { methodPath, streamsIn, streamsOut } from "./method.ts";

/** An implementation of one RPC as the listeners call it: a message or an iterable in, a message, a promise or an iterable out. */
export type Handler = (request: unknown, call: Call) => unknown;

/** One RPC with what answers it, and what every call of it asks for: looked up once, not per call. */
export interface BoundMethod {
  readonly method: DescMethod;
  readonly handler: Handler;
  /** "package.Service/Method". */
  readonly name: string;
  readonly limits: CallLimits;
  readonly streamsIn: boolean;
  readonly streamsOut: boolean;
  /** Answers whatever the load is: health and reflection. */
  readonly isProbe: boolean;
}

/** A service with its implementation, ready to be mounted at every listener. Build it with `route`. */
export interface Route {
  readonly service: DescService;
  readonly methods: readonly BoundMethod[];
}

/** Binds an implementation to its service. An RPC that it leaves out answers UNIMPLEMENTED. */
export function route<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): Route {
  const handlers = implementation as Readonly<Record<string, Handler | undefined>>;
  const methods = service.methods.map((method) => {
    const handler = handlers[method.localName];
    return bindMethod(method, handler ? handler.bind(implementation) : unimplemented(method));
  });
  return { service, methods };
}

/** @throws Error when the RPC's limits contradict themselves */
export function bindMethod(method: DescMethod, handler: Handler): BoundMethod {
  return {
    method,
    handler,
    name: methodPath(method).slice(1),
    limits: callLimits(method),
    streamsIn: streamsIn(method),
    streamsOut: streamsOut(method),
    isProbe: isProbe(method),
  };
}

function unimplemented(method: DescMethod): Handler {
  return () => {
    throw new ConnectError(`${method.parent.typeName}.${method.name} is not implemented`, Code.Unimplemented);
  };
}
