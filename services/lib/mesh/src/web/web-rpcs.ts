import type { Registry } from "@bufbuild/protobuf";
import { Code, type ConnectRouter, type ContextValues, createConnectRouter } from "@connectrpc/connect";
import type { UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { JSON_OVERHEAD } from "../call/call-limits.ts";
import { parseTimeout } from "../call/parse-timeout.ts";
import { countedGzip, withInflation } from "./counted-gzip.ts";
import { engineRequest } from "./engine-request.ts";
import { sendReason, sendRejection, shown } from "./http-rejection.ts";
import { type BodyObserver, bodyKey, interruptibleBody } from "./interruptible-body.ts";
import { jsonRecordKey, type RecordedJson, recordEnvelopes, recordedQuery, recordUnary } from "./recorded-json.ts";
import { createUtf8Check } from "./utf8-body.ts";
import { utf8Envelopes } from "./utf8-envelopes.ts";
import { announcedBytes, pathOf, type WebHandler, type WebRequest, type WebResponse } from "./web-handler.ts";

export interface WebRpcsOptions {
  /** Mounts every RPC. A body may be larger than its RPC's limit by this factor. */
  readonly routes: (router: ConnectRouter, sizeFactor: number) => void;
  /** Maximum size of a request message of each RPC in bytes, by path. */
  readonly maxRequestBytes: ReadonlyMap<string, number>;
  /** The types that google.protobuf.Any may contain in JSON. */
  readonly registry: Registry;
  readonly contextValues: (request: WebRequest) => ContextValues;
  /** Whether fields and enum names of JSON that the contract does not know are an error. */
  readonly strict: boolean;
  /** Whether gRPC is served besides Connect and gRPC-Web; only HTTP/2 can carry it. */
  readonly grpc: boolean;
  /** Called with the reason when an answer could not be sent, usually because the client has disconnected. */
  readonly onUnsent: (path: string, reason: unknown) => void;
}

/**
 * Serves RPCs with connect. Works like connect-node's adapter, but returns its errors instead of printing
 * them.
 */
export function webRpcs(options: WebRpcsOptions): WebHandler {
  const { routes, maxRequestBytes, registry, contextValues, strict, grpc, onUnsent } = options;
  const jsonOptions = { registry, ignoreUnknownFields: !strict };
  const handlersFor = (sizeFactor: number) => {
    const router = createConnectRouter({ grpc, acceptCompression: [countedGzip], jsonOptions });
    routes(router, sizeFactor);
    return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  };
  const binary = handlersFor(1);
  const json = handlersFor(JSON_OVERHEAD);
  return (request, response) => {
    const path = pathOf(request);
    const asJson = isJson(request);
    const handler = (asJson ? json : binary).get(path);
    if (!handler) return false;
    const values = contextValues(request);
    const universal = universalRequest(request, response, values, asJson ? registry : undefined);
    hideLength(request, universal.header, (maxRequestBytes.get(path) ?? 0) * (asJson ? JSON_OVERHEAD : 1));
    const answered = mayBeCompressed(request)
      ? withInflation(values, asJson, () => handler(universal))
      : handler(universal);
    answered
      .then((answer) => send(answer, handler.allowedMethods, request, response))
      .catch((reason) => onUnsent(path, reason));
    return true;
  };
}

/** @param registry the types that google.protobuf.Any may contain; undefined: the request is not JSON */
function universalRequest(
  request: WebRequest,
  response: WebResponse,
  values: ContextValues,
  registry: Registry | undefined,
): UniversalServerRequest {
  const isGet = isGetOrHead(request);
  const unary = registry && !isGet ? recordedUnary(request) : undefined;
  const { body, interrupt, listen } = interruptibleBody(request, unary);
  values.set(bodyKey, {
    interrupt,
    listen,
    isTimed: !("stream" in request),
    announcedBytes: announcedBytes(request),
  });
  const universal = engineRequest(request, response, body, values);
  shortenTimeout(request, universal.header);
  // HEAD is served as GET, and its answer has no body.
  if (isGet) universal.method = "GET";
  if (!registry) return universal;
  if (isGet) {
    const query = recordedQuery(new URLSearchParams(/\?(.*)$/s.exec(request.url ?? "")?.[1]));
    values.set(jsonRecordKey, { ...query, registry });
  } else if (unary) {
    values.set(jsonRecordKey, { read: unary.read, text: unary.text, registry });
  } else {
    const recorded = recordEnvelopes(utf8Envelopes(body));
    values.set(jsonRecordKey, { ...recorded, registry });
    universal.body = recorded.body;
  }
  return universal;
}

/** Returns the record of a body that is one JSON message; undefined: its messages are in envelopes. */
function recordedUnary({ headers }: WebRequest): (RecordedJson & BodyObserver) | undefined {
  if (!headers["content-type"]?.startsWith("application/json")) return undefined;
  const encoding = headers["content-encoding"] ?? "identity";
  return recordUnary(encoding === "gzip", encoding === "identity" ? createUtf8Check() : undefined);
}

const isGetOrHead = ({ method }: WebRequest): boolean => method === "GET" || method === "HEAD";

/**
 * Whether a message of the request can be compressed. The protocols state it in these headers, and Connect's
 * GET in its query.
 */
function mayBeCompressed(request: WebRequest): boolean {
  const { headers } = request;
  return (
    isGetOrHead(request) ||
    headers["content-encoding"] !== undefined ||
    headers["connect-content-encoding"] !== undefined ||
    headers["grpc-encoding"] !== undefined
  );
}

const SMALL_BODY_BYTES = 64 * 1024;

/**
 * Removes the length of a body before the engine reads it: the engine would allocate the announced length
 * before any byte has arrived. Without the length it keeps only what arrives. A length above the limit stays,
 * because the engine rejects it at once. HTTP itself checks that the length is true.
 */
function hideLength(request: WebRequest, header: Headers, maxBytes: number): void {
  const length = Number(request.headers["content-length"]);
  if (length > SMALL_BODY_BYTES && length <= maxBytes) header.delete("content-length");
}

/**
 * Node's longest timer, about 24.8 days: the engine's timer would fire at once for a longer timeout. RPCs
 * have shorter deadlines.
 */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

function shortenTimeout({ headers }: WebRequest, header: Headers): void {
  if (headers["connect-timeout-ms"] === undefined && headers["grpc-timeout"] === undefined) return;
  const connect = header.get("connect-timeout-ms");
  if (connect !== null && /^\d+$/.test(connect) && Number(connect) > LONGEST_TIMEOUT_MS) {
    header.set("connect-timeout-ms", String(LONGEST_TIMEOUT_MS));
  }
  const deadline = parseTimeout(header.get("grpc-timeout") ?? undefined);
  if (deadline !== Number.POSITIVE_INFINITY && deadline - Date.now() > LONGEST_TIMEOUT_MS) {
    header.set("grpc-timeout", `${Math.floor(LONGEST_TIMEOUT_MS / 1_000)}S`);
  }
}

/** Connect's GET has no content type; its query states the encoding. */
function isJson(request: WebRequest): boolean {
  return request.headers["content-type"]?.includes("json") ?? /[?&]encoding=json(&|$)/.test(request.url ?? "");
}

async function send(
  answer: UniversalServerResponse,
  allowedMethods: readonly string[],
  request: WebRequest,
  response: WebResponse,
): Promise<void> {
  if (answer.body === undefined && answer.status >= 400) return reject(answer, allowedMethods, request, response);
  if (request.method === "HEAD") {
    const { status, header } = answer;
    return universalResponseToNodeResponse({ status, ...(header && { header }) }, response);
  }
  // Only gRPC has HTTP trailers.
  if (answer.trailer === undefined || answer.body === undefined)
    return universalResponseToNodeResponse(answer, response);
  const chunks = answer.body[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (!first.done) {
    const body = startingWith(first.value, chunks);
    return universalResponseToNodeResponse({ ...answer, body }, response);
  }
  // An answer without a message must be one HEADERS frame (Trailers-Only): after two, gRPC clients treat the
  // call as committed and never retry it. Node sends one frame only for headers that are set and then ended.
  response.statusCode = answer.status;
  for (const headers of [answer.header, answer.trailer]) {
    for (const [name, value] of headers ?? []) response.setHeader(name, value);
  }
  response.end();
}

/** Content types of Connect clients. */
const CONNECT_TYPE = /^application\/(json|proto|connect\+\w+)\s*(;|$)/i;

/**
 * Answers a request that connect does not accept, with the reason as text: connect itself answers with a
 * status and no text.
 */
function reject(
  { status, header }: UniversalServerResponse,
  allowedMethods: readonly string[],
  request: WebRequest,
  response: WebResponse,
): void {
  for (const [name, value] of header ?? []) response.setHeader(name, value);
  const allowed = allowedMethods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  if (status === 405) response.setHeader("allow", allowed.join(", "));
  const type = request.headers["content-type"] ?? "";
  const reasons: Readonly<Record<number, string>> = {
    405: `${shown(request.method ?? "")} is not allowed here: use ${allowed.join(" or ")}`,
    415: `the content type ${shown(type)} is not supported here: use application/json in UTF-8, application/proto, or one of gRPC-Web or Connect streams`,
    505: "this protocol needs HTTP/2",
  };
  const reason = reasons[status] ?? "the request is not supported here";
  // Connect's code for these statuses. A request whose content type belongs to no protocol may come from a
  // gRPC-Web client too.
  if (type === "" || CONNECT_TYPE.test(type)) sendRejection(response, status, reason, { code: Code.Unknown });
  else sendReason(response, status, reason);
}

async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
