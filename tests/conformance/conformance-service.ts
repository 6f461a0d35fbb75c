import { setTimeout as delay } from "node:timers/promises";
import { Call } from "@bellwether/mesh/call/call";
import { type Route, route } from "@bellwether/mesh/call/route";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import {
  type BidiStreamRequest,
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  ConformancePayload_RequestInfoSchema,
  ConformanceService,
  type Error as ErrorDefinition,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./generated/connectrpc/conformance/v1/service_pb.ts";

type RequestInfo = MessageInitShape<typeof ConformancePayload_RequestInfoSchema>;

/** Returns the service of Connect's conformance suite: each request defines the answer to it. */
export function conformanceRoute(): Route {
  return route(ConformanceService, {
    unary: (request, context) =>
      answerOnce(request.responseDefinition, infoOf(context, [anyPack(UnaryRequestSchema, request)]), context),
    idempotentUnary: (request, context) =>
      answerOnce(
        request.responseDefinition,
        infoOf(context, [anyPack(IdempotentUnaryRequestSchema, request)]),
        context,
      ),
    async clientStream(requests, context) {
      let definition: UnaryResponseDefinition | undefined;
      const seen: Any[] = [];
      for await (const request of requests) {
        if (seen.length === 0) definition = request.responseDefinition;
        seen.push(anyPack(ClientStreamRequestSchema, request));
      }
      return answerOnce(definition, infoOf(context, seen), context);
    },
    serverStream(request, context) {
      return answerAll(
        request.responseDefinition,
        infoOf(context, [anyPack(ServerStreamRequestSchema, request)]),
        context,
      );
    },
    async *bidiStream(requests, context) {
      const rest = requests[Symbol.asyncIterator]();
      const { value: first }: IteratorResult<BidiStreamRequest, undefined> = await rest.next();
      if (first?.fullDuplex) yield* answerEach(first, rest, context);
      else yield* answerAtTheEnd(first, rest, context);
    },
    // `unimplemented` is left out, so that the server answers UNIMPLEMENTED.
  });
}

async function answerOnce(
  definition: UnaryResponseDefinition | undefined,
  requestInfo: RequestInfo,
  context: HandlerContext,
) {
  if (!definition) return { payload: { requestInfo } };
  setHeaders(definition, context);
  if (definition.responseDelayMs > 0) await delay(definition.responseDelayMs, undefined, { signal: context.signal });
  const { response } = definition;
  if (response.case === "error") throw asked(response.value, requestInfo);
  return { payload: { requestInfo, ...(response.case === "responseData" && { data: response.value }) } };
}

async function* answerAll(
  definition: StreamResponseDefinition | undefined,
  requestInfo: RequestInfo,
  context: HandlerContext,
) {
  if (!definition) return;
  setHeaders(definition, context);
  let info: RequestInfo | undefined = requestInfo;
  for (const data of definition.responseData) {
    await delay(definition.responseDelayMs, undefined, { signal: context.signal });
    yield { payload: { data, ...(info && { requestInfo: info }) } };
    info = undefined;
  }
  if (definition.error) throw asked(definition.error, info);
}

/** Half duplex: reads every request before the first answer. */
async function* answerAtTheEnd(
  first: BidiStreamRequest | undefined,
  rest: AsyncIterator<BidiStreamRequest>,
  context: HandlerContext,
) {
  const seen: Any[] = [];
  for (let request = first; request; request = (await rest.next()).value)
    seen.push(anyPack(BidiStreamRequestSchema, request));
  yield* answerAll(first?.responseDefinition, infoOf(context, seen), context);
}

/** Full duplex: one answer per request while requests arrive, then the remaining answers, then the error. */
async function* answerEach(first: BidiStreamRequest, rest: AsyncIterator<BidiStreamRequest>, context: HandlerContext) {
  const definition = first.responseDefinition;
  if (!definition) return;
  setHeaders(definition, context);
  let requestInfo: RequestInfo | undefined = infoOf(context, [anyPack(BidiStreamRequestSchema, first)]);
  for (const data of definition.responseData) {
    await delay(definition.responseDelayMs, undefined, { signal: context.signal });
    yield { payload: { data, ...(requestInfo && { requestInfo }) } };
    const next = await rest.next();
    requestInfo = next.done ? undefined : { requests: [anyPack(BidiStreamRequestSchema, next.value)] };
  }
  if (definition.error) throw asked(definition.error, definition.responseData.length === 0 ? requestInfo : undefined);
}

function setHeaders(
  { responseHeaders, responseTrailers }: UnaryResponseDefinition | StreamResponseDefinition,
  context: HandlerContext,
): void {
  for (const { name, value } of responseHeaders) for (const one of value) context.responseHeader.append(name, one);
  for (const { name, value } of responseTrailers) for (const one of value) context.responseTrailer.append(name, one);
}

/**
 * Returns what the handler saw of a call. The timeout is included only when the client asked for one:
 * otherwise it is the server's default.
 */
function infoOf(context: HandlerContext, requests: Any[]): RequestInfo {
  const { requestHeader, requestMethod, url } = context;
  const isDefault =
    context instanceof Call &&
    !["grpc-timeout", "connect-timeout-ms"].some((name) => context.header(name) !== undefined);
  const timeoutMs = context.timeoutMs();
  const queryParams = [...new URL(url, "http://localhost").searchParams].map(([name, value]) => ({
    name,
    value: [value],
  }));
  return {
    requestHeaders: [...requestHeader].map(([name, value]) => ({ name, value: [value] })),
    requests,
    ...(!isDefault && timeoutMs !== undefined && { timeoutMs: BigInt(Math.round(timeoutMs)) }),
    ...(requestMethod === "GET" && { connectGetInfo: { queryParams } }),
  };
}

/**
 * Returns the error that a definition asks for. An error before any answer also carries what the handler saw.
 */
function asked({ code, message, details }: ErrorDefinition, info: RequestInfo | undefined): ConnectError {
  const error = new ConnectError(message ?? "", code as number as Code);
  const reported = info
    ? [anyPack(ConformancePayload_RequestInfoSchema, create(ConformancePayload_RequestInfoSchema, info))]
    : [];
  error.details = [...details, ...reported].map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return error;
}
