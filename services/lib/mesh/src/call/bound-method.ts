import type { DescMethod } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type CallLimits, callLimits, isProbe } from "./call-limits.ts";
import { methodPath, streamsIn, streamsOut } from "./method.ts";

/**
 * An RPC's implementation as the listeners call it. Input: a message or an iterable. Output: a message, a
 * promise or an iterable.
 */
export type Handler = (request: unknown, context: HandlerContext) => unknown;

/** One RPC with its handler and its limits, which are looked up once and not for every call. */
export interface BoundMethod {
  readonly method: DescMethod;
  readonly handler: Handler;
  /** "package.Service/Method". */
  readonly name: string;
  readonly limits: CallLimits;
  readonly streamsIn: boolean;
  readonly streamsOut: boolean;
  /** Whether the RPC answers under any load: health and reflection do. */
  readonly isProbe: boolean;
}

/** @throws Error when the limits of the RPC contradict each other */
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
