import net from "node:net";
import { EchoRequestSchema } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import {
  ACK,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEAD_BYTES,
  frame,
  HEADERS,
  hello,
  PING,
  RST_STREAM,
  requestFields,
  SETTINGS,
  WINDOW_UPDATE,
} from "@bellwether/testing/http2/http2-frames";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** A client that calls Echo with the same request each time. */
export interface RawCaller {
  /**
   * Resolves when the server answers with status OK. Rejects with a ConnectError of the answer's status
   * otherwise, or of UNAVAILABLE when the stream is reset or the connection ends.
   */
  call(): Promise<void>;
  close(): void;
}

const CONNECTIONS = 8;

/**
 * Creates a caller that writes and reads HTTP/2 frames itself. A caller with node:http2 streams paused for 30
 * to 130 ms whenever their garbage was collected, and more than half of the answers that looked late had
 * arrived in time.
 */
export function rawCaller(grpcPort: number, message: MessageInitShape<typeof EchoRequestSchema>): RawCaller {
  const bytes = toBinary(EchoRequestSchema, create(EchoRequestSchema, message));
  const body = Buffer.alloc(5 + bytes.length);
  body.writeUInt32BE(bytes.length, 1);
  body.set(bytes, 5);
  const connections = Array.from({ length: CONNECTIONS }, () => connect(grpcPort, body));
  let next = 0;
  return {
    call: () => new Promise((resolve, reject) => connections[next++ % CONNECTIONS]?.send({ resolve, reject })),
    close() {
      for (const { socket } of connections) socket.destroy();
    },
  };
}

interface Pending {
  resolve(): void;
  reject(error: ConnectError): void;
}

/** The errors are created once: creating an error with its stack costs more than a call. */
const ERRORS = new Map(
  [Code.ResourceExhausted, Code.DeadlineExceeded, Code.Unavailable].map((code) => [
    code,
    new ConnectError(Code[code], code),
  ]),
);

function connect(port: number, body: Buffer) {
  const socket = net.connect(port, "127.0.0.1").setNoDelay(true);
  const pending = new Map<number, Pending>();
  const settle = (stream: number, status: number): void => {
    const call = pending.get(stream);
    if (!call) return;
    pending.delete(stream);
    if (status === 0) call.resolve();
    else call.reject(ERRORS.get(status) ?? new ConnectError(`status ${status}`, status));
  };
  const request = Buffer.concat([
    frame(HEADERS, END_HEADERS, 0, requestFields("/bellwether.echo.v1.EchoService/Echo", { "grpc-timeout": "1S" })),
    frame(DATA, END_STREAM, 0, body),
  ]);
  const dataAt = request.length - FRAME_HEAD_BYTES - body.length;
  const largest = Buffer.alloc(4);
  largest.writeUInt32BE(2 ** 31 - 1 - 65_535);
  // Without a dynamic table every header field of an answer can be read by itself.
  socket.write(Buffer.concat([hello({ [HEADER_TABLE_SIZE]: 0 }), frame(WINDOW_UPDATE, 0, 0, largest)]));
  socket.on(
    "data",
    createReader(settle, (answer) => socket.write(answer)),
  );
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    for (const stream of pending.keys()) settle(stream, Code.Unavailable);
  });
  let nextStream = 1;
  return {
    socket,
    send(call: Pending): void {
      const stream = nextStream;
      nextStream += 2;
      pending.set(stream, call);
      if (socket.destroyed) {
        settle(stream, Code.Unavailable);
        return;
      }
      const frames = Buffer.from(request);
      frames.writeUInt32BE(stream, 5);
      frames.writeUInt32BE(stream, dataAt + 5);
      socket.write(frames);
    },
  };
}

const HEADER_TABLE_SIZE = 1;

/** Reads frames, which may be split over any number of chunks. */
function createReader(settle: (stream: number, status: number) => void, answer: (frame: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= FRAME_HEAD_BYTES) {
      const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
      if (bytes.length < end) break;
      const [type, flags, stream] = [bytes[at + 3], bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5)];
      const payload = bytes.subarray(at + FRAME_HEAD_BYTES, end);
      if (type === HEADERS) {
        const status = grpcStatus(payload);
        if (status !== undefined) settle(stream, status);
      } else if (type === RST_STREAM) {
        settle(stream, Code.Unavailable);
      } else if (type === SETTINGS && !(flags & ACK)) {
        answer(frame(SETTINGS, ACK, 0));
      } else if (type === PING && !(flags & ACK)) {
        answer(frame(PING, ACK, 0, payload));
      }
      at = end;
    }
    rest = bytes.subarray(at);
  };
}

/** "grpc-status" in HPACK's Huffman code, as nghttp2 writes it. */
const STATUS_NAME = Buffer.from("9acac8b21234da8f", "hex");

/** Returns the gRPC status in a header block; undefined when the block has none and the message follows. */
function grpcStatus(block: Buffer): number | undefined {
  const found = block.indexOf(STATUS_NAME);
  if (found < 0) return undefined;
  const at = found + STATUS_NAME.length;
  return Number(block.toString("latin1", at + 1, at + 1 + (block[at] ?? 0)));
}
