import http from "node:http";
import http2 from "node:http2";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { codeFromHttpStatus } from "@connectrpc/connect/protocol-connect";
import { atLeast, atMost, clientOf, type Finding, type Replica, type Scenario, startReplica } from "./harness.ts";

const ECHO = "/bellwether.echo.v1.EchoService/Echo";
const MIB = 1024 * 1024;

interface HostileMessage {
  readonly name: string;
  /** The bytes of the message, without the length prefix. */
  readonly body: Buffer;
  readonly gzip?: boolean;
  /** The length that the prefix states when it is larger than what is sent; left out: the length of `body`. */
  readonly promisedBytes?: number;
  readonly code: Code;
}

/** Returns a message in field 6 (nested) of a message, and so on, `depth` times. */
function nested(depth: number): Buffer {
  let message: Buffer = Buffer.from([0x0a, 1, 0x78]);
  for (let i = 0; i < depth; i++)
    message = Buffer.concat([Buffer.from([0x0a, 1, 0x78, 0x32]), varint(message.length), message]);
  return message;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Returns field 5 (items), packed, with one byte per item. */
function manyItems(count: number): Buffer {
  return Buffer.concat([Buffer.from([0x0a, 1, 0x78, 0x2a]), varint(count), Buffer.alloc(count, 1)]);
}

const MESSAGES: readonly HostileMessage[] = [
  { name: "gzip_bomb_256_mib", body: gzipSync(Buffer.alloc(256 * MIB)), gzip: true, code: Code.ResourceExhausted },
  { name: "prefix_2_gib", body: Buffer.alloc(64), promisedBytes: 2 ** 31, code: Code.ResourceExhausted },
  { name: "nesting_1000", body: nested(1_000), code: Code.InvalidArgument },
  { name: "million_items", body: manyItems(1_000_000), code: Code.InvalidArgument },
  { name: "random_bytes", body: Buffer.from("\x0f\xff\x13\x37".repeat(64), "latin1"), code: Code.InvalidArgument },
];

/** Sends each hostile message to both listeners. After each one an honest call must be answered. */
export const hostileMessages: Scenario = async () => {
  const findings: Finding[] = [];
  const replica = await startReplica();
  const { client, transport } = clientOf([replica]);
  for (let warm = 0; warm < 200; warm++) await client.echo({ id: "warm" });
  const listeners = { grpc: sendByGrpc, web: sendByConnect };
  for (const message of MESSAGES) {
    for (const [listener, send] of Object.entries(listeners)) {
      const before = (await replica.stats()).rssBytes;
      const started = performance.now();
      const code = await send(replica, message);
      const took = performance.now() - started;
      const grown = ((await replica.stats()).rssBytes - before) / MIB;
      const { request } = await client.echo({ id: "honest" });
      const name = `hostile.${message.name}.${listener}`;
      findings.push(
        atLeast(`${name}.right_code`, Number(code === message.code), `(${Code[code]})`, 1),
        atMost(`${name}.ms`, took, "ms", 100),
        atMost(`${name}.rss_mib`, grown, "MiB more", 32),
        atLeast(`${name}.next_call`, Number(request?.id === "honest"), "answered", 1),
      );
    }
  }
  transport.close();
  await replica.stop();
  return findings;
};

function sendByGrpc({ ready }: Replica, { body, gzip, promisedBytes }: HostileMessage): Promise<Code> {
  const session = http2.connect(`http://127.0.0.1:${ready.grpcPort}`);
  const headers = { ":method": "POST", ":path": ECHO, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request(gzip ? { ...headers, "grpc-encoding": "gzip" } : headers);
  const prefix = Buffer.alloc(5);
  prefix[0] = gzip ? 1 : 0;
  prefix.writeUInt32BE(promisedBytes ?? body.length, 1);
  return new Promise((resolve, reject) => {
    const done = (fields: http2.IncomingHttpHeaders): void => {
      if (fields["grpc-status"] === undefined) return;
      resolve(Number(fields["grpc-status"]));
      session.destroy();
    };
    stream.on("response", done).on("trailers", done).on("error", reject);
    session.on("error", reject);
    stream.resume();
    stream.write(prefix);
    if (promisedBytes === undefined) stream.end(body);
    else stream.write(body);
  });
}

function sendByConnect({ ready }: Replica, { body, gzip, promisedBytes }: HostileMessage): Promise<Code> {
  return new Promise((resolve, reject) => {
    const request = http.request(`http://127.0.0.1:${ready.webPort}${ECHO}`, {
      method: "POST",
      agent: false,
      headers: {
        "content-type": "application/proto",
        "content-length": promisedBytes ?? body.length,
        ...(gzip && { "content-encoding": "gzip" }),
      },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        request.destroy();
        const { code }: { readonly code?: string } = JSON.parse(text || "{}");
        const named = Object.entries(Code).find(([name]) => name.toLowerCase() === code?.replaceAll("_", ""))?.[1];
        resolve(typeof named === "number" ? named : codeFromHttpStatus(response.statusCode ?? 0));
      });
    });
    if (promisedBytes === undefined) request.end(body);
    else request.write(body);
  });
}
