import { once } from "node:events";
import http2 from "node:http2";
import zlib from "node:zlib";
import {
  type BehaviorSchema,
  ChatRequestSchema,
  EchoRequestSchema,
  EchoResponseSchema,
  EchoService,
} from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { codeOf } from "@bellwether/testing/echo/listener-cases";
import { collect, type EchoServer, meshClient, startEcho, until } from "@bellwether/testing/echo/start-echo";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { route } from "../call/route.ts";
import { prefixed } from "./envelope.ts";

const SERVICE = "/bellwether.echo.v1.EchoService";
const MESSAGE = toBinary(EchoRequestSchema, create(EchoRequestSchema, { id: "x" }));

const GOOD = prefixed(MESSAGE);

let echo: EchoServer;
let session: http2.ClientHttp2Session;
beforeAll(async () => {
  echo = await startEcho();
  session = http2.connect(echo.grpcUrl);
});
afterAll(async () => {
  session.destroy();
  await echo[Symbol.asyncDispose]();
});

interface Answer {
  readonly httpStatus: number;
  /** The fields of headers and trailers together. */
  readonly code: number;
  readonly text: string;
  readonly body: Buffer;
  readonly fields: http2.IncomingHttpHeaders;
}

/** Sends a body in these pieces, one packet each, and ends it unless `ends` is false. */
async function send(
  pieces: readonly Buffer[],
  headers: object = {},
  { method = "Echo", ends = true } = {},
): Promise<Answer> {
  const stream = session.request({
    ":method": "POST",
    ":path": `${SERVICE}/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  const fields: http2.IncomingHttpHeaders = {};
  const body: Buffer[] = [];
  stream.on("response", (head) => Object.assign(fields, head));
  stream.on("trailers", (trailers) => Object.assign(fields, trailers));
  stream.on("data", (chunk) => body.push(chunk));
  const closed = once(stream, "close");
  for (const piece of pieces) {
    if (stream.closed) break;
    stream.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (ends) stream.end();
  await closed;
  const { ":status": httpStatus, "grpc-status": code, "grpc-message": text = "" } = fields;
  return {
    httpStatus: Number(httpStatus),
    code: Number(code),
    text: decodeURIComponent(String(text)),
    body: Buffer.concat(body),
    fields,
  };
}

/** Returns the reason of an error, from `grpc-status-details-bin`. */
function reasonOf({ fields }: Answer): string | undefined {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) if (!name.startsWith(":")) headers.append(name, String(value));
  return findTrailerError(headers)?.findDetails(ErrorInfoSchema)[0]?.reason;
}

async function expectGood(): Promise<void> {
  const { code, body } = await send([GOOD]);
  expect(code).toBe(0);
  expect(fromBinary(EchoResponseSchema, body.subarray(5)).request?.id).toBe("x");
}

describe("the gRPC listener accepts", () => {
  it.each<[string, Buffer[], object?]>([
    ["a message in one piece", [GOOD]],
    ["a message byte by byte", [...GOOD].map((byte) => Buffer.from([byte]))],
    ["a content type with a codec", [GOOD], { "content-type": "application/grpc+proto" }],
    ["a content type with a parameter", [GOOD], { "content-type": "application/grpc ; x=1" }],
    ["a content type in capitals", [GOOD], { "content-type": "Application/GRPC" }],
    ["a gzip message", [prefixed(zlib.gzipSync(MESSAGE), 1)], { "grpc-encoding": "gzip" }],
    ["a deflate message", [prefixed(zlib.deflateSync(MESSAGE), 1)], { "grpc-encoding": "deflate" }],
    ["a plain message of a client that could compress", [GOOD], { "grpc-encoding": "gzip" }],
    ["the longest possible timeout", [GOOD], { "grpc-timeout": "99999999H" }],
  ])("%s", async (_, pieces, headers) => {
    const { code, text, body } = await send(pieces, headers);
    expect([code, text]).toEqual([0, ""]);
    expect(fromBinary(EchoResponseSchema, body.subarray(5)).request?.id).toBe("x");
  });
});

describe("the gRPC listener rejects, and then answers the next call,", () => {
  const huge = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  it.each<[string, Buffer[], Code, RegExp, object?, { method?: string; ends?: boolean }?]>([
    ["no message", [], Code.Unimplemented, /missing input/],
    ["two messages", [Buffer.concat([GOOD, GOOD])], Code.Unimplemented, /extra input/],
    ["half a prefix", [GOOD.subarray(0, 3)], Code.Internal, /ends within a message/],
    ["half a message", [GOOD.subarray(0, 7)], Code.Internal, /ends within a message/],
    ["half a message of a stream", [GOOD.subarray(0, 7)], Code.Internal, /ends within/, {}, { method: "Sum" }],
    [
      "an announced message of 4 GiB, before it arrives",
      [huge],
      Code.ResourceExhausted,
      /4294967295 bytes/,
      {},
      { ends: false },
    ],
    ["an unknown flag", [prefixed(MESSAGE, 7)], Code.Internal, /begins with 7/],
    ["bytes that are not a valid message", [prefixed(Buffer.from([0xff, 0xff]))], Code.InvalidArgument, /EchoRequest/],
    ["an unsupported encoding", [GOOD], Code.Unimplemented, /"br"/, { "grpc-encoding": "br" }],
    ["a compressed message without an encoding", [prefixed(MESSAGE, 1)], Code.Internal, /marked as compressed/],
    ["a message that is not gzip", [prefixed(MESSAGE, 1)], Code.Internal, /not gzip/, { "grpc-encoding": "gzip" }],
    ["an invalid timeout", [GOOD], Code.Internal, /"soon" is not a time/, { "grpc-timeout": "soon" }],
    ["a timeout of zero", [GOOD], Code.DeadlineExceeded, /no time left/, { "grpc-timeout": "0S" }],
    ["an unknown RPC", [GOOD], Code.Unimplemented, /no RPC/, { ":path": `${SERVICE}/Nothing` }],
    ["an invalid path", [GOOD], Code.Unimplemented, /no RPC/, { ":path": "/" }],
  ])("%s", async (_, pieces, code, text, headers, options) => {
    const answer = await send(pieces, headers, options);
    expect(answer).toMatchObject({ httpStatus: 200, code, text: expect.stringMatching(text) });
    await expectGood();
  });

  it.each<[string, object, number]>([
    ["another content type", { "content-type": "application/json" }, 415],
    ["another codec", { "content-type": "application/grpc+json" }, 415],
    ["no content type", { "content-type": "" }, 415],
    ["another verb", { ":method": "PUT" }, 405],
  ])("%s, with an HTTP status", async (_, headers, status) => {
    expect((await send([GOOD], headers)).httpStatus).toBe(status);
    await expectGood();
  });
});

it("a client that continues to send after its answer is reset without an error, and its connection still serves calls", async () => {
  const stream = session.request({
    ":method": "POST",
    ":path": `${SERVICE}/Echo`,
    "content-type": "application/grpc",
  });
  stream.on("error", () => {}).resume();
  const answered = once(stream, "response");
  const filler = Buffer.alloc(16_384);
  stream.write(prefixed(Buffer.alloc(0), 9));
  const closed = once(stream, "close");
  const flood = (): void => {
    if (!stream.closed) stream.write(filler, () => setImmediate(flood));
  };
  flood();
  expect((await answered)[0]["grpc-status"]).toBe(String(Code.Internal));
  await closed;
  expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
  await expectGood();
});

it.each<[string, Buffer, object, Code, string]>([
  [
    "a message above its limit",
    Buffer.from([0, 0xff, 0xff, 0xff, 0xff]),
    {},
    Code.ResourceExhausted,
    "MESSAGE_TOO_LARGE",
  ],
  [
    "a message above its limit when decompressed",
    prefixed(zlib.gzipSync(Buffer.alloc(17 * 2 ** 20)), 1),
    { "grpc-encoding": "gzip" },
    Code.ResourceExhausted,
    "MESSAGE_TOO_LARGE",
  ],
  ["an unsupported encoding", GOOD, { "grpc-encoding": "br" }, Code.Unimplemented, "UNKNOWN_ENCODING"],
  ["too large headers", GOOD, { "x-large": "x".repeat(20_000) }, Code.ResourceExhausted, "HEADERS_TOO_LARGE"],
])("the reason of the error is given for %s", async (_, message, headers, code, reason) => {
  const answer = await send([message], headers, { ends: reason !== "MESSAGE_TOO_LARGE" });
  expect([answer.code, reasonOf(answer)]).toEqual([code, reason]);
  await expectGood();
});

it.each([":path", "grpc-encoding", "grpc-timeout"])("does not repeat a long %s in the error", async (name) => {
  const { code, text } = await send([GOOD], { [name]: `/${"%".repeat(10_000)}` });
  expect(code).toBe(name === "grpc-timeout" ? Code.Internal : Code.Unimplemented);
  expect(text.length).toBeLessThan(300);
});

it("lists the supported encodings for a client that uses another one", async () => {
  const { fields } = await send([GOOD], { "grpc-encoding": "br" });
  expect(fields["grpc-accept-encoding"]).toBe("identity,gzip,deflate");
});

/** Starts a Chat and sends more messages than its handler reads while it is busy with the first one. */
function chat(own: http2.ClientHttp2Session, behavior: MessageInitShape<typeof BehaviorSchema>, messages: number) {
  const stream = own.request({ ":method": "POST", ":path": `${SERVICE}/Chat`, "content-type": "application/grpc" });
  stream.on("error", () => {}).resume();
  const message = create(ChatRequestSchema, { text: "x".repeat(1_000), behavior });
  for (let i = 0; i < messages; i++) stream.write(prefixed(toBinary(ChatRequestSchema, message)));
  return stream;
}

/**
 * Bytes that a client may send on a stream that the handler does not read: the stream's window, and the same
 * amount again for what node:http2 has moved into the stream's buffer (65,536 bytes, up to the frame that
 * fills it), plus 5 % for frame headers. The amount depends on how the bytes arrive: one burst ends at one
 * window (65,695 bytes), separate pieces reach 134,700.
 */
const UNREAD_BYTES = (65_535 + 65_536 + 16_384) * 1.05;

it("applies back-pressure to a client whose handler does not read", async () => {
  const own = http2.connect(echo.grpcUrl);
  chat(own, { delay: { seconds: 60n } }, 3_000);
  await until(() => (own.state.remoteWindowSize ?? Number.MAX_VALUE) < 2_000, "the connection's window is full");
  await new Promise((resolve) => own.ping(resolve));
  expect(own.socket.bytesWritten).toBeLessThan(UNREAD_BYTES);
  own.destroy();
  await expectGood();
});

it("applies back-pressure to a client that sends messages one by one to a handler that does not read", async () => {
  const own = http2.connect(echo.grpcUrl);
  const stream = chat(own, { delay: { seconds: 60n } }, 1);
  const message = prefixed(toBinary(ChatRequestSchema, create(ChatRequestSchema, { text: "x".repeat(1_000) })));
  for (let i = 0; i < 600; i++) {
    stream.write(message);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => own.ping(resolve));
  await new Promise((resolve) => own.ping(resolve));
  expect(own.socket.bytesWritten).toBeLessThan(UNREAD_BYTES);
  own.destroy();
  await expectGood();
});

it("calls that fail while their clients wait leave no stream open on their connection", async () => {
  const own = http2.connect(echo.grpcUrl);
  // One call more than may be open at a time.
  for (let i = 0; i < 129; i++) {
    const stream = chat(own, { delay: { nanos: 1_000_000 }, failCode: Code.Aborted }, 40);
    const [trailers] = await once(stream, "trailers");
    expect(trailers["grpc-status"]).toBe(String(Code.Aborted));
    await once(stream, "close");
  }
  const closed = once(own, "close");
  own.close();
  await closed;
  await expectGood();
});

it.each([
  ["NO_ERROR", http2.constants.NGHTTP2_NO_ERROR],
  ["CANCEL", http2.constants.NGHTTP2_CANCEL],
])("a call that its client cancels with %s while the call waits is released", async (_, code) => {
  const seen: string[] = [];
  const observer = { started: () => seen.push("started"), ended: () => seen.push("ended") };
  await using observed = await startEcho({ observer });
  const own = http2.connect(observed.grpcUrl);
  const stream = chat(own, { delay: { seconds: 60n } }, 40);
  await until(() => seen.length === 1, "the handler");
  stream.close(code);
  await until(() => seen.length === 2, "the end of the handler");
  expect(seen).toEqual(["started", "ended"]);
  own.destroy();
});

describe("a handler that", () => {
  /** Returns how a call of Echo (or of Count) with this handler ends, and how a further call ends after it. */
  async function endsWith(
    implementation: Parameters<typeof route<typeof EchoService>>[1],
  ): Promise<[Code | "OK", Code | "OK"]> {
    const wellBehaved = { increment: () => ({ count: 1n }) };
    await using own = await startEcho({ routes: [route(EchoService, { ...wellBehaved, ...implementation })] });
    using client = meshClient(own.grpcUrl);
    const call = implementation.echo ? client.echo({ id: "x" }) : collect(client.count({ to: 9 }));
    return [await codeOf(call), await codeOf(client.increment({}))];
  }

  it("throws an error whose details cannot be encoded ends only its own call", async () => {
    const details = [{ desc: RetryInfoSchema, value: { retryDelay: { seconds: 0n, nanos: 0.5 } } }];
    const echo = async () => {
      throw new ConnectError("x", Code.NotFound, undefined, details);
    };
    expect(await endsWith({ echo })).toEqual([Code.Internal, "OK"]);
  });

  it("throws an error with the code 0 ends its call with an error", async () => {
    const echo = async () => {
      throw new ConnectError("x", 0 as Code);
    };
    expect(await endsWith({ echo })).toEqual([Code.Unknown, "OK"]);
  });

  it("yields a message that cannot be encoded is ended", async () => {
    let ended = false;
    async function* count() {
      try {
        yield { number: 1 };
        yield Object.assign({ number: 1 }, { number: "none" });
      } finally {
        ended = true;
      }
    }
    expect(await endsWith({ count })).toEqual([Code.Internal, "OK"]);
    expect(ended).toBe(true);
  });
});
