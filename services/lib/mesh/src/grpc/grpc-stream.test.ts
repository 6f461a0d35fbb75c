import { once } from "node:events";
import http2, { type ClientHttp2Stream, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { until } from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { prefixed } from "./envelope.ts";
import { GrpcStream, type GrpcStreamListener } from "./grpc-stream.ts";

const server = http2.createServer();
let client: http2.ClientHttp2Session;
let events: string[] = [];
let failure: unknown;

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => {
  client.destroy();
  server.close();
});
beforeEach(() => {
  events = [];
  failure = undefined;
});

const LISTENER: GrpcStreamListener = {
  onMessage: (bytes) => void events.push(`message ${bytes}`),
  onPartial: () => void events.push("partial"),
  onInflating: () => true,
  onHalfClose: () => void events.push("half-close"),
  onError: (reason) => {
    failure = reason;
    events.push("error");
  },
  onClose: () => void events.push("close"),
};

/** Returns a request whose body stays open, and the server's side of its stream. */
async function open(encoding?: string): Promise<{ request: ClientHttp2Stream; stream: GrpcStream }> {
  const arrived = once(server, "stream");
  const request = client.request({ ":method": "POST", ":path": "/a.B/C" });
  request.on("error", () => {});
  const [raw]: [ServerHttp2Stream] = (await arrived) as [ServerHttp2Stream];
  raw.on("error", () => {});
  return { request, stream: new GrpcStream(raw, { maxMessageBytes: 100, encoding }, LISTENER) };
}

const message = (text: string) => prefixed(Buffer.from(text));
const seen = (...expected: string[]) =>
  until(() => expected.every((event) => events.includes(event)), String(expected));

it("delivers one message per read, and keeps the next one until it is read", async () => {
  const { request, stream } = await open();
  request.end(Buffer.concat([message("one"), message("two")]));
  stream.read();
  await seen("message one");
  expect(events).toEqual(["message one"]);
  stream.read();
  await seen("message two");
  stream.read();
  await seen("half-close");
  expect(events.filter((event) => event !== "partial")).toEqual(["message one", "message two", "half-close"]);
  request.destroy();
});

it("assembles a message that arrives in parts", async () => {
  const { request, stream } = await open();
  const bytes = message("in parts");
  stream.read();
  request.write(bytes.subarray(0, 7));
  await seen("partial");
  expect(stream.keptBytes).toBeGreaterThan(0);
  request.write(bytes.subarray(7));
  await seen("message in parts");
  request.destroy();
});

it("decompresses a compressed message", async () => {
  const { request, stream } = await open("gzip");
  stream.read();
  request.write(prefixed(gzipSync("small when zipped"), 1));
  await seen("message small when zipped");
  request.destroy();
});

it.each([
  ["ends within a message", message("cut").subarray(0, 6), Code.Internal],
  ["is larger than allowed", message("x".repeat(101)), Code.ResourceExhausted],
  ["begins with an unknown flag", prefixed(Buffer.from("x"), 2), Code.Internal],
])("reports a message that %s", async (_, bytes, code) => {
  const { request, stream } = await open();
  stream.read();
  request.end(bytes);
  await seen("error");
  expect(ConnectError.from(failure).code).toBe(code);
  request.destroy();
});

it("sends headers, messages and trailers in this order, and nothing after them", async () => {
  const { request, stream } = await open();
  const head: Promise<[IncomingHttpHeaders]> = once(request, "response") as Promise<[IncomingHttpHeaders]>;
  const trailers: Promise<[IncomingHttpHeaders]> = once(request, "trailers") as Promise<[IncomingHttpHeaders]>;
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.end();
  stream.sendHead(["x-first", "1"]);
  stream.sendHead(["x-second", "2"]);
  expect(stream.headSent).toBe(true);
  const written = new Promise<void>((resolve) => stream.sendMessage(Buffer.from("answer"), resolve));
  stream.end({ "grpc-status": "0" });
  stream.sendMessage(Buffer.from("too late"));
  stream.end({ "grpc-status": "13" });
  await written;
  expect((await head)[0]).toMatchObject({ ":status": 200, "content-type": "application/grpc+proto", "x-first": "1" });
  expect((await head)[0]).not.toHaveProperty("x-second");
  expect((await trailers)[0]["grpc-status"]).toBe("0");
  await seen("close");
  expect(Buffer.concat(chunks).equals(message("answer"))).toBe(true);
});

it("reports once that the client has closed the stream", async () => {
  const { request, stream } = await open();
  stream.read();
  request.close(http2.constants.NGHTTP2_CANCEL);
  await seen("close");
  stream.sendMessage(Buffer.from("to nobody"));
  stream.end({ "grpc-status": "0" });
  expect(events.filter((event) => event === "close")).toHaveLength(1);
});
