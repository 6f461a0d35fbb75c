import type { DescMethod } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type CallLimits, callLimits, isProbe } from "./call-limits.ts";
import { methodPath, streamsIn, streamsOut } from "./method.ts";

/** An implementation of one RPC as the listeners call it: a message or an iterable in, a message, a promise or an iterable out. */
export type Handler = (request: unknown, context: HandlerContext) => unknown;

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
