// Worker thread that begins large requests and never ends one. workerData is a BodyOrder.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { gzipSync } from "node:zlib";

export type BodyKind = "grpc" | "grpc-gzip" | "web" | "web-gzip";

/** What the thread sends, and where. */
export interface BodyOrder {
  readonly kind: BodyKind;
  readonly port: number;
  readonly connections: number;
  /** Streams of each connection; 1 for HTTP/1.1. */
  readonly streams: number;
  readonly seconds: number;
}

const MEASURE = "/bellwether.echo.v1.EchoService/Measure";
const MIB = 1024 * 1024;
const MESSAGE_BYTES = 16 * MIB;
const CHUNK = Buffer.alloc(64 * 1024, 1);
/** Nearly 16 MiB of zeros, which gzip compresses to about 16 KiB. */
const BOMB = gzipSync(Buffer.alloc(MESSAGE_BYTES - 64));
const PAUSE_MS = 5;

const order: BodyOrder = workerData;
const end = performance.now() + order.seconds * 1_000;
/** Resolves when the time of the order is over; shared by all senders. */
const over = delay(order.seconds * 1_000);

let sent = 0;
let begun = 0;

const senders: Readonly<Record<BodyKind, () => Promise<void>>> = {
  grpc: () => overHttp2(false),
  "grpc-gzip": () => overHttp2(true),
  web: () => overHttp1(false),
  "web-gzip": () => overHttp1(true),
};
await Promise.all(Array.from({ length: order.connections }, senders[order.kind]));
parentPort?.postMessage({ sentMib: Math.round(sent / MIB), begun });

function isOver(): boolean {
  return performance.now() > end;
}

/**
 * Yields the chunks of a message of the largest permitted size: complete when it is a bomb, otherwise one
 * byte short.
 */
async function* bodyChunks(bomb: boolean): AsyncGenerator<Buffer> {
  if (bomb) {
    yield BOMB;
    return;
  }
  for (let left = MESSAGE_BYTES - 1; left > 0 && !isOver(); left -= CHUNK.length) yield CHUNK.subarray(0, left);
}

function prefix(bomb: boolean): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = bomb ? 1 : 0;
  bytes.writeUInt32BE(bomb ? BOMB.length : MESSAGE_BYTES, 1);
  return bytes;
}

async function overHttp2(bomb: boolean): Promise<void> {
  while (!isOver()) {
    const session = http2.connect(`http://127.0.0.1:${order.port}`);
    session.on("error", () => {});
    const gone = new AbortController();
    session.on("close", () => gone.abort());
    const streams = Array.from({ length: order.streams }, async () => {
      while (!isOver() && !session.destroyed) {
        await oneStream(session, bomb).catch(() => {});
        await delay(PAUSE_MS);
      }
    });
    await Promise.all(streams);
    session.destroy();
  }
}

async function oneStream(session: http2.ClientHttp2Session, bomb: boolean): Promise<void> {
  const stream = session.request({
    ":method": "POST",
    ":path": MEASURE,
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": "99999999H",
    ...(bomb && { "grpc-encoding": "gzip" }),
  });
  begun++;
  stream.on("error", () => {}).resume();
  const closed = once(stream, "close");
  stream.write(prefix(bomb));
  for await (const chunk of bodyChunks(bomb)) {
    if (stream.destroyed || stream.closed) break;
    sent += chunk.length;
    if (!stream.write(chunk)) await Promise.race([once(stream, "drain"), closed, over]);
  }
  // The request never ends by itself. The server closes it, or the time of the order is over.
  await Promise.race([closed, over]);
  stream.close(http2.constants.NGHTTP2_CANCEL);
}

async function overHttp1(bomb: boolean): Promise<void> {
  while (!isOver()) {
    await oneRequest(bomb).catch(() => {});
    await delay(PAUSE_MS);
  }
}

async function oneRequest(bomb: boolean): Promise<void> {
  const request = http.request(`http://127.0.0.1:${order.port}${MEASURE}`, {
    method: "POST",
    agent: false,
    headers: {
      "content-type": "application/proto",
      "connect-timeout-ms": "9999999999",
      // For an uncompressed message, the length is one byte more than the request sends.
      "content-length": bomb ? BOMB.length : MESSAGE_BYTES,
      ...(bomb && { "content-encoding": "gzip" }),
    },
  });
  begun++;
  // Each `once` below keeps its listener until it settles.
  request.setMaxListeners(0);
  const closed = new Promise<void>((resolve) => {
    request.on("error", () => resolve()).on("close", resolve);
    request.on("response", (response) => {
      response.resume().on("end", resolve);
    });
  });
  for await (const chunk of bodyChunks(bomb)) {
    if (request.destroyed) break;
    sent += chunk.length;
    if (!request.write(chunk)) await Promise.race([once(request, "drain"), closed, over]);
  }
  if (bomb) request.end();
  await Promise.race([closed, over]);
  request.destroy();
}
