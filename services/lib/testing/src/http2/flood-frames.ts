import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  hello,
  literal,
  PING,
  RST_STREAM,
  requestFields,
  SETTINGS,
} from "./http2-frames.ts";

export const HELLO = hello();

const CANCEL = 8;
const STREAM_CLOSED = 5;

const REQUEST_FIELDS = requestFields("/bellwether.echo.v1.EchoService/Increment");

/**
 * Returns `count` complete calls, from stream `first` on, each reset directly after it is sent
 * (CVE-2023-44487).
 */
export function resets(first: number, count: number): Buffer {
  const frames: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const stream = first + 2 * i;
    frames.push(frame(HEADERS, END_HEADERS, stream, REQUEST_FIELDS));
    frames.push(frame(DATA, END_STREAM, stream, Buffer.alloc(5)));
    frames.push(frame(RST_STREAM, 0, stream, Buffer.from([0, 0, 0, CANCEL])));
  }
  return Buffer.concat(frames);
}

/**
 * Returns the frames of one call that the client resets, and the further frames that Netty sends for data
 * that still arrives for that call.
 */
export function resetWithEchoes(stream: number, count: number): Buffer {
  const echo = frame(RST_STREAM, 0, stream, Buffer.from([0, 0, 0, STREAM_CLOSED]));
  return Buffer.concat([resets(stream, 1), ...Array.from({ length: count }, () => echo)]);
}

/**
 * Returns a header block that never ends (CVE-2024-27983): HEADERS without END_HEADERS, then CONTINUATION
 * frames.
 */
export function continuations(first: boolean, count: number): Buffer {
  const filler = literal("x-filler", "y".repeat(100));
  const frames = Array.from({ length: count }, () => frame(CONTINUATION, 0, 1, filler));
  return Buffer.concat(first ? [frame(HEADERS, 0, 1, REQUEST_FIELDS), ...frames] : frames);
}

/** Returns SETTINGS frames, each of which the server must acknowledge. */
export function settings(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame(SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))));
}

/** Returns PING frames, each of which the server must answer. */
export function pings(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame(PING, 0, 0, Buffer.alloc(8))));
}
