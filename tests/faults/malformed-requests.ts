import { createHash } from "node:crypto";
import {
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  hello,
  literal,
  requestFields,
} from "@bellwether/testing/http2/http2-frames";

/** Returns the next random number in [0, 1). The numbers are the same for the same seed (mulberry32). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const VERBS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "CONNECT", "PRI", "get", "G\0T", "PROPFIND", ""];
const VERSIONS = ["HTTP/1.0", "HTTP/1.1", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "HTTP/1.", "ICY", ""];
const HOSTS = [
  "",
  "localhost",
  "localhost:99999",
  "localhost:-1",
  "localhost:",
  "localhost:0x50",
  "[::1",
  "[::1]:70000",
  "me@localhost",
  "a b",
  "\xff\xfe",
  "%00",
  "x".repeat(5_000),
  "localhost, localhost",
  "http://localhost",
  "\tlocalhost",
];
const PATHS = [
  "/",
  "//",
  "*",
  "/livez",
  "/metrics",
  "/grpc.health.v1.Health/Check",
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/bellwether.inference.v1.InferenceService/Predict",
  "/predict",
  "/alerts?page_size=%zz",
  "/constructor",
  "/__proto__",
  "http://localhost/livez",
  "http://[/",
  "http://localhost:99999/predict",
  "localhost:443",
  "/\xff",
  `/${"a".repeat(20_000)}`,
];
const TYPES = [
  "application/json",
  "application/grpc",
  "application/grpc-web+proto",
  "application/connect+json",
  "text/x; charset=\xff",
  "",
];
const FIELDS = [
  "content-length: 5",
  "content-length: -1",
  "content-length: 99999999999999999999",
  "content-length: 1\r\ncontent-length: 2",
  "transfer-encoding: chunked",
  "transfer-encoding: chunked, identity",
  "connection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAAA",
  "expect: 100-continue",
  "expect: nothing",
  "content-encoding: gzip",
  "connect-timeout-ms: 99999999999",
  "grpc-timeout: 99999999H",
  "connect-protocol-version: 9",
  "authorization: Bearer \xff",
  "origin: null",
  "cookie: \0",
  ": empty",
  "x",
];
const BODIES = [
  "",
  "{}",
  "{",
  "\0\0\0\0\0",
  "5\r\nhello\r\n0\r\n\r\n",
  "zz\r\n",
  "\x1f\x8b\x08broken",
  "\x01\xff\xff\xff\xff",
];

/** Returns the bytes of one malformed request, as a client would send them. */
export function malformedRequest(random: Random): Buffer {
  const make = pick(random, [requestLine, requestLine, requestLine, frames, pseudoHeaders, tlsGarbage, randomBytes]);
  return make(random);
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function requestLine(random: Random): Buffer {
  const lines = [`${pick(random, VERBS)} ${pick(random, PATHS)} ${pick(random, VERSIONS)}`];
  // The Host header is missing, given once, or given twice.
  for (let hosts = Math.floor(random() * 3); hosts > 0; hosts--) lines.push(`host: ${pick(random, HOSTS)}`);
  lines.push(`content-type: ${pick(random, TYPES)}`);
  for (let more = Math.floor(random() * 3); more > 0; more--) lines.push(pick(random, FIELDS));
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${pick(random, BODIES)}`, "latin1");
}

/** Returns valid and invalid frames in any order. Invalid frames have any type, flags, stream and length. */
function frames(random: Random): Buffer {
  const parts = [hello(random() < 0.2 ? { [Math.floor(random() * 9)]: Math.floor(random() * 2 ** 32) } : {})];
  for (let more = 1 + Math.floor(random() * 6); more > 0; more--) {
    const stream = pick(random, [0, 1, 1, 2, 3, 2 ** 31 - 1]);
    const sound = random() < 0.4;
    const payload = sound ? requestFields(pick(random, PATHS).slice(0, 100)) : noise(random, Math.floor(random() * 64));
    const type = sound ? HEADERS : Math.floor(random() * 12);
    parts.push(frame(type, sound ? END_HEADERS : Math.floor(random() * 256), stream, payload));
  }
  const bytes = Buffer.concat(parts);
  // Three requests in ten end at a random byte.
  return random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}

const PSEUDO_HEADERS = [
  ":method",
  ":path",
  ":scheme",
  ":authority",
  ":status",
  ":protocol",
  ":",
  "te",
  "Host",
  "connection",
  "content-type",
];

function pseudoHeaders(random: Random): Buffer {
  const values = [...VERBS, ...HOSTS, ...PATHS, ...TYPES].map((value) => value.slice(0, 100));
  const fields = Array.from({ length: Math.floor(random() * 8) }, () =>
    literal(pick(random, PSEUDO_HEADERS), pick(random, values)),
  );
  const flags = END_HEADERS | (random() < 0.5 ? END_STREAM : 0);
  return Buffer.concat([hello(), frame(HEADERS, flags, 1, Buffer.concat(fields))]);
}

function tlsGarbage(random: Random): Buffer {
  const record = Buffer.concat([Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]), noise(random, 194)]);
  return random() < 0.5 ? record : record.subarray(0, Math.floor(random() * record.length));
}

function randomBytes(random: Random): Buffer {
  return noise(random, 1 + Math.floor(random() * 512));
}

function noise(random: Random, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let have = 0; have < length; have += 64) blocks.push(createHash("sha512").update(String(random())).digest());
  return Buffer.concat(blocks).subarray(0, length);
}
