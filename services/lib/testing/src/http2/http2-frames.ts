// HTTP/2 frames (RFC 9113), for clients that node:http2 cannot imitate because it obeys the protocol or is
// too slow.

export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
/** The ACK flag of SETTINGS and PING. */
export const ACK = 1;
export const END_HEADERS = 4;

export const FRAME_HEAD_BYTES = 9;

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/**
 * Returns a header field in HPACK's literal form without indexing, name and value not compressed (RFC 7541,
 * 6.2.2).
 */
export function literal(name: string, value: string): Buffer {
  const text = (s: string): Buffer => Buffer.concat([Buffer.from([s.length]), Buffer.from(s)]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** Returns the header block of a gRPC request in clear text. */
export function requestFields(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  const fields = {
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "localhost",
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  };
  return Buffer.concat(Object.entries(fields).map(([name, value]) => literal(name, value)));
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Returns the first bytes of a client: the connection preface and its settings, by identifier (RFC 9113,
 * 6.5.2).
 */
export function hello(settings: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Buffer.alloc(6 * Object.keys(settings).length);
  for (const [i, [id, value]] of Object.entries(settings).entries()) {
    payload.writeUInt16BE(Number(id), 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  }
  return Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, payload)]);
}
