import {
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type Interceptor,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import * as grpc from "@grpc/grpc-js";
import { callLimits } from "../call/call-limits.ts";
import { methodPath } from "../call/method.ts";
import { plainBytes } from "../call/plain-bytes.ts";
import { headersFromMetadata, metadataFromHeaders } from "./metadata.ts";

/**
 * Returns a Connect transport over a grpc-js channel: typed Connect clients with grpc-js's name resolution
 * and load balancing. A call without a deadline gets the RPC's default deadline. Breaking out of a response
 * stream does not cancel the call: abort its signal.
 */
export function createGrpcTransport(client: grpc.Client, interceptors: Interceptor[]): Transport {
  return {
    unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: MessageInitShape<I>,
      contextValues?: ContextValues,
    ): Promise<UnaryResponse<I, O>> {
      const time = timing(method, timeoutMs);
      return runUnaryCall<I, O>({
        interceptors,
        ...(signal && { signal }),
        ...time.run,
        req: { ...requestInit(method, header, contextValues), stream: false, method, message: input },
        next: (request) => callUnary(client, request, time.call()),
      });
    },
    stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues?: ContextValues,
    ): Promise<StreamResponse<I, O>> {
      const time = timing(method, timeoutMs);
      return runStreamingCall<I, O>({
        interceptors,
        ...(signal && { signal }),
        ...time.run,
        req: { ...requestInit(method, header, contextValues), stream: true, method, message: input },
        next: async (request) => {
          // Sends every streaming call as a bidirectional one: on the wire they have the same form.
          const call = client.makeBidiStreamRequest(
            methodPath(method),
            (message: MessageShape<I>) => bytesOf(method.input, message),
            (bytes) => fromBinary(method.output, plainBytes(bytes)),
            metadataFromHeaders(request.header),
            time.call(),
          );
          const cancel = (): void => call.cancel();
          request.signal.addEventListener("abort", cancel, { once: true });
          const trailer = new Headers();
          const headed = new Promise<Headers>((resolve) => {
            call.on("metadata", (metadata) => resolve(headersFromMetadata(metadata)));
            call.on("status", (status) => {
              copyHeaders(headersFromMetadata(status.metadata), trailer);
              resolve(new Headers());
            });
          });
          // Reading starts before the error event can fire: an error event without a listener ends the
          // process.
          const answers = readAll<MessageShape<O>>(call, () => request.signal.removeEventListener("abort", cancel));
          void sendAll(call, request.message);
          return { ...responseInit(method), stream: true, method, header: await headed, trailer, message: answers };
        },
      });
    },
  };
}

function requestInit(
  method: DescMethodUnary | DescMethodStreaming,
  header: HeadersInit | undefined,
  contextValues: ContextValues | undefined,
) {
  return {
    service: method.parent,
    requestMethod: "POST",
    url: methodPath(method),
    header: new Headers(header),
    contextValues: contextValues ?? createContextValues(),
  };
}

function responseInit(method: DescMethodUnary | DescMethodStreaming) {
  return { service: method.parent };
}

/**
 * Returns the deadline of a call for Connect and for grpc-js. In Connect, undefined means the default, and 0
 * or less means no deadline.
 */
function timing(method: DescMethodUnary | DescMethodStreaming, asked: number | undefined) {
  const timeoutMs = asked ?? callLimits(method).defaultTimeoutMs;
  if (timeoutMs <= 0 || timeoutMs === Number.POSITIVE_INFINITY) return { run: {}, call: () => ({}) };
  const deadline = Date.now() + timeoutMs;
  return { run: { timeoutMs }, call: () => ({ deadline }) };
}

function callUnary<I extends DescMessage, O extends DescMessage>(
  client: grpc.Client,
  request: UnaryRequest<I, O>,
  options: grpc.CallOptions,
): Promise<UnaryResponse<I, O>> {
  const { method, signal } = request;
  return new Promise((resolve, reject) => {
    let header: grpc.Metadata | undefined;
    let answer: MessageShape<O> | undefined;
    const call = client.makeUnaryRequest(
      methodPath(method),
      (message: MessageShape<I>) => bytesOf(method.input, message),
      (bytes) => fromBinary(method.output, plainBytes(bytes)),
      request.message,
      metadataFromHeaders(request.header),
      options,
      (error, message) => {
        if (error) reject(errorFromStatus(error));
        else answer = message;
      },
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    call.on("metadata", (metadata) => {
      header = metadata;
    });
    call.on("status", (status) => {
      signal.removeEventListener("abort", cancel);
      if (status.code !== grpc.status.OK || answer === undefined) return;
      const headers = header ? headersFromMetadata(header) : new Headers();
      const trailer = headersFromMetadata(status.metadata);
      resolve({ ...responseInit(method), stream: false, method, header: headers, trailer, message: answer });
    });
  });
}

type Duplex<I, O> = grpc.ClientDuplexStream<I, O>;

async function sendAll<I>(call: Duplex<I, unknown>, messages: AsyncIterable<I>): Promise<void> {
  try {
    for await (const message of messages) {
      if (call.destroyed) return;
      if (!call.write(message)) await spaceToWrite(call);
    }
    call.end();
  } catch {
    // Either the source of the messages failed or the call had ended: the response side reports which.
    call.cancel();
  }
}

function spaceToWrite(call: Duplex<never, unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off("drain", done).off("close", done).off("status", done);
      resolve();
    };
    call.once("drain", done).once("close", done).once("status", done);
  });
}

function readAll<O>(call: Duplex<never, O>, over: () => void): AsyncIterable<O> {
  let failure: Error | undefined;
  call.on("error", (error) => {
    failure = error;
  });
  return (async function* () {
    try {
      for await (const message of call) yield message;
      if (failure) throw failure;
    } catch (error) {
      throw isStatus(error) ? errorFromStatus(error) : error;
    } finally {
      over();
      call.cancel();
    }
  })();
}

function bytesOf<D extends DescMessage>(schema: D, message: MessageShape<D>): Buffer {
  const bytes = toBinary(schema, message);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function copyHeaders(from: Headers, to: Headers): void {
  for (const [name, value] of from) to.append(name, value);
}

function isStatus(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}

/**
 * Converts a status of the peer or of the channel, with its details. The error is marked as from the wire: a
 * server that does not translate it sends INTERNAL to its own client, because the peer's text is not meant
 * for that client.
 */
function errorFromStatus({ code, details, metadata }: grpc.ServiceError): ConnectError {
  const headers = headersFromMetadata(metadata);
  const detailed = headers.has("grpc-status-details-bin") ? findTrailerError(headers) : undefined;
  const error = detailed ?? new ConnectError(details, code in Code ? Number(code) : Code.Unknown, headers);
  error.isWireError = true;
  return error;
}
