import type { Socket } from "node:net";
import { createRegistry, type DescMethod, type Message } from "@bufbuild/protobuf";
import {
  Code,
  type ConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
  type MethodImpl,
} from "@connectrpc/connect";
import type { BoundMethod } from "../call/bound-method.ts";
import { OVER, type Peer } from "../call/call.ts";
import { filesOf } from "../call/file-closure.ts";
import { methodPath } from "../call/method.ts";
import type { PolicyChain } from "../call/policy.ts";
import type { Route } from "../call/route.ts";
import type { Address, TlsMaterial } from "../listener/listen.ts";
import type { Listener } from "../listener/listener.ts";
import type { ListenerLimits } from "../listener/listener-limits.ts";
import { peerOfSocket } from "../listener/peers.ts";
import { inflatingFor } from "./counted-gzip.ts";
import { openHttpListener } from "./http-listener.ts";
import { isRpcPath, sendRejection, shown } from "./http-rejection.ts";
import { WebCall } from "./web-call.ts";
import { pathOf, socketOf, type WebHandler, type WebRequest, type WebResponse } from "./web-handler.ts";
import { webRpcs } from "./web-rpcs.ts";

export interface WebListenerOptions {
  readonly address: Address;
  readonly routes: readonly Route[];
  readonly chain: PolicyChain;
  readonly limits: ListenerLimits;
  readonly tls?: TlsMaterial;
  /** Whether JSON fields, enum names and query parameters that the contract does not know are an error. */
  readonly strict: boolean;
  /** Called with the peer of a connection that has reached its age limit; ends its watches. */
  readonly onAged: (peer: Peer) => void;
  /** Handlers that run before the RPCs, in order. */
  readonly before: readonly WebHandler[];
  /** Handlers that run when no RPC has the path, in order. */
  readonly after: readonly WebHandler[];
  /** Called with an error that a handler threw outside its call. */
  readonly onThrow: (error: unknown) => void;
  /** Called with the reason when an answer could not be sent. */
  readonly onUnsent: (path: string, reason: unknown) => void;
}

const socketKey = createContextKey<Socket | undefined>(undefined);
const callKey = createContextKey<WebCall | undefined>(undefined);

/**
 * Opens the web listener: Connect, gRPC-Web and JSON on connect-node, and the handlers in `before` and
 * `after`. @throws ListenError
 */
export async function openWebListener(options: WebListenerOptions): Promise<Listener> {
  const rpcs = webRpcs({
    // In clear text the listener speaks HTTP/1.1 only.
    grpc: options.tls !== undefined,
    contextValues: (request) => createContextValues().set(socketKey, socketOf(request)),
    maxRequestBytes: new Map(
      options.routes.flatMap(({ methods }) =>
        methods.map(({ method, limits }) => [methodPath(method), limits.maxRequestBytes]),
      ),
    ),
    registry: createRegistry(...filesOf(options.routes.map(({ service }) => service))),
    routes: (router, sizeFactor) => {
      for (const { methods } of options.routes)
        for (const bound of methods)
          mount(router, bound, options, Math.ceil(bound.limits.maxRequestBytes * sizeFactor));
    },
    strict: options.strict,
    onUnsent: options.onUnsent,
  });
  const handlers = [...options.before, rpcs, ...options.after];
  return openHttpListener({
    name: "web",
    address: options.address,
    limits: options.limits,
    needsHost: true,
    onThrow: options.onThrow,
    onAged: options.onAged,
    ...(options.tls && { tls: options.tls }),
    answer(request, response) {
      if (handlers.some((handler) => handler(request, response))) return;
      rejectPath(request, response);
    },
  });
}

function rejectPath(request: WebRequest, response: WebResponse): void {
  const path = pathOf(request);
  if (request.method === "OPTIONS" && path === "*") {
    response.setHeader("allow", "GET, HEAD, POST, OPTIONS");
    response.statusCode = 204;
    response.end();
  } else if (isRpcPath(path)) {
    sendRejection(response, 404, `there is no RPC ${shown(path)} here`, { code: Code.Unimplemented });
  } else {
    sendRejection(response, 404, `there is nothing at ${shown(path)} here`);
  }
}

/**
 * The engine aborts the signal of every call at its end. Without a shared reason it would create an
 * AbortError with a stack trace for each.
 */
function shareEndReason(context: HandlerContext & { abort?: (reason?: unknown) => void }): void {
  const { abort } = context;
  if (abort) context.abort = (reason = OVER) => abort(reason);
}

function mount(
  router: ConnectRouter,
  bound: BoundMethod,
  { chain, strict, limits: { messageTimeoutMs } }: WebListenerOptions,
  readMaxBytes: number,
): void {
  const { method } = bound;
  const requestGate = (context: HandlerContext): Promise<void> => {
    const socket = context.values.get(socketKey);
    const peer = socket ? peerOfSocket(socket) : { address: "", certificateNames: [] };
    const connection = socket ?? context;
    const call = new WebCall({ bound, chain, context, peer, connection, messageTimeoutMs, strict });
    inflatingFor(context.values, call);
    shareEndReason(context);
    context.values.set(callKey, call);
    return call.open();
  };
  const implementation = (input: Message | AsyncIterable<Message>, context: HandlerContext): unknown => {
    const call = context.values.get(callKey);
    if (!call) throw new Error("the request gate did not run");
    return bound.streamsOut ? call.answerStream(input) : call.answer(input);
  };
  router.rpc(method, implementation as MethodImpl<DescMethod>, { requestGate, readMaxBytes });
}
