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
import type { RowText } from "./read-rows.ts";
import type { ServerEvent } from "./server-event.ts";

/** Type of the RPCs that a REST path can call: unary RPCs, and RPCs with a stream of responses. */
type RestRpc = DescMethodUnary | DescMethodServerStreaming;

/** Names of the query parameters that a path accepts; any other name is an error. */
export interface RestQuery {
  /** Names that may be given once. */
  readonly single?: readonly string[];
  /** Names that may be given any number of times. */
  readonly repeated?: readonly string[];
}

/** Body and query of a REST request (HTTP with JSON, without an RPC protocol). */
export interface RestInput {
  /** The JSON body; undefined when the request has none. */
  readonly body: JsonValue | undefined;
  /** The rows of the body, when the path reads rows; otherwise empty. */
  readonly rows: readonly RowText[];
  readonly query: URLSearchParams;
  /** Id of the last event that a client of a stream of events received. "": the request has none. */
  readonly lastEventId: string;
  /** Values of the parameters of the path, decoded: `/models/{model}` has `model`. */
  readonly params: Readonly<Record<string, string>>;
  /** The body, when the path reads bytes; otherwise empty. */
  readonly bytes: Uint8Array;
  /** Returns a header of the request. */
  readonly header: (name: string) => string | undefined;
}

/** An answer that is not only JSON. */
export interface RestAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/**
 * A REST path (HTTP with JSON, without an RPC protocol) that calls an RPC, with the same handler, policies
 * and limits. Build it with `restRoute`.
 */
export interface RestRoute {
  readonly verb: "GET" | "POST";
  readonly path: string;
  readonly rpc: RestRpc;
  readonly query: RestQuery;
  readonly toRequest: (input: RestInput) => MessageInitShape<RestRpc["input"]>;
  readonly toJson: (message: MessageShape<RestRpc["output"]>, input: RestInput) => JsonValue;
  readonly toAnswer: ((message: MessageShape<RestRpc["output"]>, input: RestInput) => RestAnswer) | undefined;
  readonly readsRows: boolean;
  readonly readsBytes: boolean;
  readonly namesError: boolean;
  readonly toEvent: ((message: MessageShape<RestRpc["output"]>, index: number) => ServerEvent | null) | undefined;
  readonly reword: ((text: string, input: RestInput) => string) | undefined;
  /** A handler that is used instead of the RPC's mounted service. */
  readonly handler: Handler | undefined;
}

/** A REST path with its message types, as `restRoute` receives it. */
export interface RestRouteOptions<R extends RestRpc> {
  readonly verb: "GET" | "POST";
  /** The path, for example "/predict". A part in braces is a parameter: "/models/{model}". */
  readonly path: string;
  readonly rpc: R;
  /** Query parameters of the path. Undefined: the path accepts no query. */
  readonly query?: RestQuery;
  /**
   * Converts the HTTP request to the request message.
   * @throws an RPC error, or an error of the service's table, for an invalid body
   */
  readonly toRequest: (input: RestInput) => MessageInitShape<R["input"]>;
  /** Converts a response message to JSON. A streaming RPC answers one line of JSON (NDJSON) per message. */
  readonly toJson: (message: MessageShape<R["output"]>, input: RestInput) => JsonValue;
  /** Converts the response of a unary RPC to an answer with its own status, headers and form, instead of `toJson`. */
  readonly toAnswer?: (message: MessageShape<R["output"]>, input: RestInput) => RestAnswer;
  /** Whether the body is any bytes, which `toRequest` reads itself. */
  readonly readsBytes?: boolean;
  /** Whether errors also have the member "error" with their text, which clients of other servers look for. */
  readonly namesError?: boolean;
  /** Whether the body is rows: a JSON array, or one JSON text per line (NDJSON). Default: one JSON text. */
  readonly readsRows?: boolean;
  /**
   * Converts the message of a streaming RPC with this number, from 0, to an event; null: the message only keeps
   * the connection open, and a comment is sent. With it, the answer is `text/event-stream` instead of NDJSON.
   */
  readonly toEvent?: (message: MessageShape<R["output"]>, index: number) => ServerEvent | null;
  /**
   * Rewrites text and field names of an RPC's error for clients of the path. Left out: the error is sent
   * unchanged.
   */
  readonly reword?: (text: string, input: RestInput) => string;
  /**
   * Handler of the RPC for this path. Undefined: the mounted service answers the RPC. Required when the
   * service runs in another process.
   */
  readonly implementation?: MethodImpl<R>;
}

/** Creates a REST path (HTTP with JSON, without an RPC protocol) that calls an RPC. */
export function restRoute<R extends RestRpc>(options: RestRouteOptions<R>): RestRoute {
  const { implementation } = options;
  const handler = implementation as Handler | undefined;
  return {
    query: {},
    readsRows: false,
    readsBytes: false,
    namesError: false,
    toAnswer: undefined,
    reword: undefined,
    toEvent: undefined,
    ...(options as RestRouteOptions<RestRpc>),
    handler,
  };
}

/**
 * Returns the handler of a REST path with its RPC.
 * @throws Error when no mounted service has its RPC: a programming error, found at start
 */
export function bindRest({ path, rpc, handler }: RestRoute, routes: readonly Route[]): BoundMethod {
  if (handler) return bindMethod(rpc, handler);
  const bound = routes.flatMap(({ methods }) => methods).find(({ method }) => method === rpc);
  if (!bound) throw new Error(`${path}: no mounted service has ${rpc.parent.typeName}/${rpc.name}`);
  return bound;
}
