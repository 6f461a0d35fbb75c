import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  JsonValue,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { MethodImpl } from "@connectrpc/connect";
import { type BoundMethod, bindMethod, type Handler } from "../call/bound-method.ts";
import type { Route } from "../call/route.ts";

/** An RPC that a plain HTTP path can stand for. */
type RestRpc = DescMethodUnary | DescMethodServerStreaming;

/** Names of the query parameters that a path takes; any other is an error. */
export interface RestQuery {
  /** May come once. */
  readonly single?: readonly string[];
  /** May come any number of times. */
  readonly repeated?: readonly string[];
}

/** What came with a plain HTTP request. */
export interface RestInput {
  /** The JSON body; undefined when there is none. */
  readonly body: JsonValue | undefined;
  readonly query: URLSearchParams;
}

/** A plain HTTP path for an RPC: the same handler, the same policies, the same limits. Build it with `restRoute`. */
export interface RestRoute {
  readonly verb: "GET" | "POST";
  readonly path: string;
  readonly rpc: RestRpc;
  readonly query: RestQuery;
  readonly toRequest: (input: RestInput) => MessageInitShape<RestRpc["input"]>;
  readonly toJson: (message: MessageShape<RestRpc["output"]>) => JsonValue;
  readonly reword: ((text: string) => string) | undefined;
  /** Answers instead of the service that is mounted for the RPC. */
  readonly handler: Handler | undefined;
}

/** A REST path before its types are forgotten. */
export interface RestRouteOptions<R extends RestRpc> {
  readonly verb: "GET" | "POST";
  /** Exact, for example "/predict". */
  readonly path: string;
  readonly rpc: R;
  /** Left out: the path takes no query. */
  readonly query?: RestQuery;
  /** The request message. @throws an RPC error or an error of the service's table for a body that does not fit */
  readonly toRequest: (input: RestInput) => MessageInitShape<R["input"]>;
  /** A response message as JSON; a streaming RPC answers one line of JSON (NDJSON) per message. */
  readonly toJson: (message: MessageShape<R["output"]>) => JsonValue;
  /** Says an error of the RPC, its text and its field names, in terms of the path. Left out: as the RPC says it. */
  readonly reword?: (text: string) => string;
  /** Left out: the RPC is answered by the route of its service. Needed where the service is another process's. */
  readonly implementation?: MethodImpl<R>;
}

/** Binds a plain HTTP path to an RPC. */
export function restRoute<R extends RestRpc>(options: RestRouteOptions<R>): RestRoute {
  const { implementation } = options;
  const handler = implementation as Handler | undefined;
  return { query: {}, reword: undefined, ...(options as RestRouteOptions<RestRpc>), handler };
}

/** What answers a REST path. @throws Error when no mounted service has its RPC: a mistake met at start */
export function bindRest({ path, rpc, handler }: RestRoute, routes: readonly Route[]): BoundMethod {
  if (handler) return bindMethod(rpc, handler);
  const bound = routes.flatMap(({ methods }) => methods).find(({ method }) => method === rpc);
  if (!bound) throw new Error(`${path}: no service here has ${rpc.parent.typeName}/${rpc.name}`);
  return bound;
}
