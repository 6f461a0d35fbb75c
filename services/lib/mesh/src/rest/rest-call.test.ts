import net from "node:net";
import { gzipSync } from "node:zlib";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { type EchoServer, startEcho, until } from "@bellwether/testing/echo/start-echo";
import type { JsonValue } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { restRoute } from "./rest-route.ts";

const object = (body: JsonValue | undefined) => (typeof body === "object" && !Array.isArray(body) ? (body ?? {}) : {});
const number = (value: JsonValue | undefined): number => (typeof value === "number" ? value : 0);

/** Returns the fields of a request body: they decide how the call behaves. */
const behavior = (body: JsonValue | undefined) => ({
  failCode: number(object(body).failCode),
  failUnknown: object(body).failUnknown === true,
  failAfter: number(object(body).failAfter),
  delay: { seconds: BigInt(number(object(body).delayS)) },
});

const REST = [
  restRoute({
    verb: "POST",
    path: "/echo",
    rpc: EchoService.method.echo,
    query: { single: ["id"] },
    toRequest: ({ body, query }) => ({
      id: query.get("id") ?? String(object(body).id ?? ""),
      behavior: behavior(body),
    }),
    toJson: ({ request }) => ({ id: request?.id ?? "" }),
  }),
  restRoute({
    verb: "POST",
    path: "/count",
    rpc: EchoService.method.count,
    toRequest: ({ body }) => ({ to: number(object(body).to), behavior: behavior(body) }),
    toJson: ({ number: n }) => n,
  }),
  restRoute({
    verb: "POST",
    path: "/events",
    rpc: EchoService.method.count,
    toRequest: ({ body, lastEventId }) => ({
      to: number(object(body).to) + Number(lastEventId),
      behavior: behavior(body),
    }),
    toJson: ({ number: n }) => n,
    toEvent: ({ number: n }, index) => (index === 1 ? null : { id: String(n), data: { n } }),
  }),
  restRoute({
    verb: "GET",
    path: "/echo",
    rpc: EchoService.method.echo,
    query: { single: ["id"], repeated: ["tag"] },
    toRequest: ({ query }) => ({ id: query.get("id") ?? "" }),
    toJson: ({ request }) => ({ got: request?.id ?? "" }),
  }),
];

let echo: EchoServer;
const ended: string[] = [];
beforeAll(async () => {
  echo = await startEcho({ rest: REST, observer: { started: () => {}, ended: (method) => ended.push(method) } });
});
afterAll(() => echo[Symbol.asyncDispose]());
beforeEach(() => {
  ended.length = 0;
});

async function post(path: string, body: BodyInit, headers: Record<string, string> = {}) {
  const answer = await fetch(`${echo.webUrl}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const SHAPES = { unary: "/echo", "server stream": "/count" };
/** A request that is valid for both paths. */
const asks = (more: object = {}): string => JSON.stringify({ id: "x", to: 3, ...more });

it("answers one message as JSON, and a stream as one line of JSON per message", async () => {
  const one = await post("/echo", asks());
  expect([one.status, one.headers.get("content-type"), one.text]).toEqual([200, "application/json", '{"id":"x"}']);
  const many = await post("/count", asks());
  expect([many.status, many.headers.get("content-type"), many.text]).toEqual([
    200,
    "application/x-ndjson",
    "1\n2\n3\n",
  ]);
});

it("distinguishes paths by their verb, accepts a query, and lists the allowed verbs for another verb", async () => {
  const got = await fetch(`${echo.webUrl}/echo?id=a%20b`);
  expect(await got.json()).toEqual({ got: "a b" });
  const deleted = await fetch(`${echo.webUrl}/echo`, { method: "DELETE" });
  expect([deleted.status, deleted.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
  for (const path of ["/echo/", "/Echo", "/echo%2f", "//echo"]) {
    expect((await fetch(`${echo.webUrl}${path}`)).status).toBe(404);
  }
});

it.each([
  ["/echo?id=x&ids=y", "ids", 'unknown query parameter; did you mean "id"? known: id, tag'],
  ["/echo?id=x&id=y", "id", "is given 2 times; give it once"],
  ["/echo?__proto__=x&id=x", "__proto__", "unknown query parameter; known: id, tag"],
])("rejects a query parameter that the path does not declare: %s", async (path, field, description) => {
  const answer = await fetch(`${echo.webUrl}${path}`);
  const { message, details } = await answer.json();
  expect([answer.status, message]).toEqual([400, `${field}: ${description}`]);
  expect(details[1].debug).toEqual({ fieldViolations: [{ field, description }] });
});

it("rejects a query whose escaped bytes are not UTF-8", async () => {
  const answer = await fetch(`${echo.webUrl}/echo?id=M%FCller`);
  expect([answer.status, (await answer.json()).message]).toEqual([
    400,
    "request: the query is not UTF-8: %FC; escape the bytes of UTF-8",
  ]);
  expect((await fetch(`${echo.webUrl}/echo?id=M%C3%BCller%`)).status).toBe(400);
  expect((await fetch(`${echo.webUrl}/echo?id=M%C3%BCller%25`)).status).toBe(200);
});

it.each([
  [String.raw`{"id":"\ud800"}`, "id"],
  [String.raw`{"id":"x","a":[1,{"b":"\uDFFFx"}]}`, "a[1].b"],
  [String.raw`{"id":"x","\udead":1}`, "\ufffd"],
  [String.raw`{"id":"\udc00\ud800"}`, "id"],
])("rejects a lone surrogate in a body and names the field: %s", async (body, field) => {
  const { status, text } = await post("/echo", body);
  const { code, details } = JSON.parse(text);
  expect([status, code]).toEqual([400, "invalid_argument"]);
  expect(details[1].debug.fieldViolations[0]).toMatchObject({
    field,
    description: expect.stringContaining("half a character"),
  });
});

it("accepts a surrogate pair, and an escaped backslash before a u, as ordinary text", async () => {
  expect((await post("/echo", String.raw`{"id":"\ud83d\ude00"}`)).text).toBe('{"id":"😀"}');
  expect((await post("/echo", String.raw`{"id":"\\ud800"}`)).text).toBe(String.raw`{"id":"\\ud800"}`);
});

it("rejects a lone surrogate in the bytes of a query", async () => {
  expect((await fetch(`${echo.webUrl}/echo?id=%ED%A0%80`)).status).toBe(400);
});

it("treats a question mark inside a query as part of the query", async () => {
  expect(await (await fetch(`${echo.webUrl}/echo?id=a?b`)).json()).toEqual({ got: "a?b" });
});

it("the error for a body in an unsupported encoding names the supported one", async () => {
  const answer = await fetch(`${echo.webUrl}/echo`, {
    method: "POST",
    body: asks(),
    headers: { "content-encoding": "br" },
  });
  expect([answer.status, answer.headers.get("accept-encoding")]).toEqual([415, "gzip"]);
});

it("accepts a repeatable query parameter, and rejects any parameter of a path without a query", async () => {
  expect((await fetch(`${echo.webUrl}/echo?id=x&tag=a&tag=b`)).status).toBe(200);
  const rejected = await post("/count?to=5", asks());
  expect([rejected.status, JSON.parse(rejected.text).message]).toEqual([
    400,
    "to: unknown query parameter; this path accepts none",
  ]);
});

it("reads a body that begins with a byte order mark", async () => {
  expect((await post("/echo", `\ufeff${asks()}`)).status).toBe(200);
});

it("rejects a name that is given twice in a body", async () => {
  const rejected = await post("/echo", '{"id": "x", "id": "y"}');
  expect([rejected.status, JSON.parse(rejected.text).message]).toEqual([
    400,
    'the body is not JSON: "id" is given twice',
  ]);
});

describe.each(Object.entries(SHAPES))("a hostile body, %s", (_, path) => {
  it.each<[string, () => BodyInit, Record<string, string>, number, string]>([
    ["is not JSON", () => "{", {}, 400, "MALFORMED_JSON"],
    ["is JSON nested 100,000 deep without an end", () => "[".repeat(100_000), {}, 400, "MALFORMED_JSON"],
    ["is not gzip although its header says gzip", () => "{}", { "content-encoding": "gzip" }, 400, "MALFORMED_GZIP"],
    ["is in an unsupported encoding", () => "{}", { "content-encoding": "br" }, 415, "UNKNOWN_ENCODING"],
    ["is larger than the limit of its RPC", () => `"${"x".repeat(17 * 2 ** 20)}"`, {}, 413, "MESSAGE_TOO_LARGE"],
    [
      "decompresses to more than the limit of its RPC",
      () => new Uint8Array(gzipSync(Buffer.alloc(128 * 2 ** 20, 32))),
      { "content-encoding": "gzip" },
      413,
      "MESSAGE_TOO_LARGE",
    ],
    ["breaks a rule of the contract", () => asks({ failCode: 17 }), {}, 400, "INVALID_REQUEST"],
  ])("that %s is rejected, and the next body is answered", async (_, body, headers, status, reason) => {
    const rejected = await post(path, body(), headers);
    expect(rejected.status).toBe(status);
    expect(JSON.parse(rejected.text).details[0].debug).toMatchObject({ reason, domain: "bellwether" });
    expect((await post(path, asks())).status).toBe(200);
  });

  it("with names of Object's own properties changes nothing", async () => {
    const hostile = '{"__proto__": {"failCode": 5}, "constructor": {"prototype": {"failCode": 5}}, "id": "x", "to": 1}';
    expect((await post(path, hostile)).status).toBe(200);
    expect(Reflect.get({}, "failCode")).toBeUndefined();
  });

  it("that is empty is a request with default values", async () => {
    expect((await post(path, "")).status).toBe(path === "/echo" ? 400 : 200);
  });
});

describe.each(Object.entries(SHAPES))("the policies of a call, %s", (_, path) => {
  it("map a known error to its HTTP status, and an unknown one to 500 without its text", async () => {
    const known = await post(path, asks({ failCode: Code.NotFound }));
    expect([known.status, JSON.parse(known.text).code]).toEqual([404, "not_found"]);
    const unknown = await post(path, asks({ failUnknown: true }));
    expect([unknown.status, JSON.parse(unknown.text).code]).toEqual([500, "internal"]);
    expect(unknown.text).not.toContain("secret");
  });

  it("answer errors as problems, with the ids of request and trace in headers and body", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const answer = await fetch(`${echo.webUrl}${path}`, {
      method: "POST",
      body: asks({ failCode: Code.NotFound }),
      headers: { "x-request-id": "r-1", traceparent: `00-${trace}-b7ad6b7169203331-01` },
    });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect([answer.headers.get("x-request-id"), answer.headers.get("x-trace-id")]).toEqual(["r-1", trace]);
    expect(await answer.json()).toMatchObject({ status: 404, title: "Not Found", request_id: "r-1", trace_id: trace });
    const served = await fetch(`${echo.webUrl}${path}`, { method: "POST", body: asks() });
    expect(served.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    await served.text();
  });

  it("require a token when authentication is on", async () => {
    const auth = { identities: { nobody: ["viewer" as const] } };
    await using closed = await startEcho({ rest: REST, auth });
    const answer = await fetch(`${closed.webUrl}${path}`, { method: "POST", body: asks() });
    expect([answer.status, (await answer.json()).code]).toEqual([401, "unauthenticated"]);
  });

  it("reject calls that would wait too long", async () => {
    const admission = { maxInFlight: 1, maxQueued: 1, maxWaitMs: 20, overloadWaitMs: 20 };
    await using busy = await startEcho({ rest: REST, admission });
    const statuses = await Promise.all(
      [1, 2].map(() => fetch(`${busy.webUrl}${path}`, { method: "POST", body: asks({ delayS: 1, to: 1 }) })),
    );
    expect(statuses.map(({ status }) => status).sort()).toEqual([200, 429]);
    await Promise.all(statuses.map((answer) => answer.text()));
  });
});

it("ends a unary call at the RPC's deadline", async () => {
  const late = await post("/echo", asks({ delayS: 60 }));
  expect([late.status, JSON.parse(late.text).code]).toEqual([504, "deadline_exceeded"]);
});

it("writes an error in the middle of a stream as its last line", async () => {
  const { status, text } = await post("/count", asks({ failCode: Code.Aborted, failAfter: 2 }));
  const lines = text.trim().split("\n");
  expect([status, lines.length, lines[0], lines[1]]).toEqual([200, 3, "1", "2"]);
  expect(JSON.parse(lines[2] ?? "")).toMatchObject({ error: { code: "aborted" } });
});

it("sends a stream of events, with a comment for a message that only keeps the connection open", async () => {
  const { headers, text } = await post("/events", JSON.stringify({ to: 1 }), { "last-event-id": "2" });
  expect([headers.get("content-type"), headers.get("x-accel-buffering")]).toEqual(["text/event-stream", "no"]);
  expect(text).toBe('id: 1\ndata: {"n":1}\n\n:\n\nid: 3\ndata: {"n":3}\n\n');
});

it("sends an error after the first event as the last event, and before it as a problem", async () => {
  const late = await post("/events", JSON.stringify({ to: 3, failCode: Code.Aborted, failAfter: 1 }));
  expect(late.text).toMatch(/^id: 1\ndata: .*\n\nevent: problem\ndata: \{.*"code":"aborted".*\}\n\n$/);
  const early = await post("/events", JSON.stringify({ to: 3, failCode: Code.Aborted }));
  expect([early.status, early.headers.get("content-type")]).toEqual([409, "application/problem+json"]);
});

it.each(["/count", "/events"])("ends a stream of %s whose client disconnects", async (path) => {
  const controller = new AbortController();
  const body = JSON.stringify({ to: 1_000_000 });
  const answer = await fetch(`${echo.webUrl}${path}`, { method: "POST", body, signal: controller.signal });
  await answer.body?.getReader().read();
  controller.abort();
  await until(() => ended.includes("Count"), "the generator's end");
});

describe("the timeout of a REST call", () => {
  it("is the value of connect-timeout-ms", async () => {
    const late = await post("/echo", asks({ delayS: 60 }), { "connect-timeout-ms": "50" });
    expect([late.status, JSON.parse(late.text).code]).toEqual([504, "deadline_exceeded"]);
    const long = await post("/echo", asks({ delayS: 3 }), { "connect-timeout-ms": "30000" });
    expect([long.status, long.text]).toEqual([200, '{"id":"x"}']);
  });

  it.each(["", "-1", "1.5", "1s", "12345678901"])(
    "is not guessed from an invalid connect-timeout-ms: %j",
    async (timeout) => {
      const answer = await post("/echo", asks(), { "connect-timeout-ms": timeout });
      expect(answer.status).toBe(400);
      expect(answer.text).toContain("connect-timeout-ms");
    },
  );

  it("begins when the body is complete", async () => {
    const body = asks();
    const { port } = echo.server.addresses.web;
    const socket = net.connect(port, "127.0.0.1");
    const head = `POST /echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${body.length}`;
    socket.write(`${head}\r\nconnect-timeout-ms: 1000\r\n\r\n${body.slice(0, 5)}`);
    // This wait is longer than the deadline of the answer.
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    socket.write(body.slice(5));
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 200 .*\{"id":"x"\}/s);
  });

  it("ends the call with a reason when its body does not arrive", async () => {
    await using hasty = await startEcho({ rest: REST, limits: { bodyTimeoutMs: 300, headersTimeoutMs: 300 } });
    const socket = net.connect(hasty.server.addresses.web.port, "127.0.0.1");
    socket.write("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{");
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 408 .*the body did not arrive in time/s);
  });
});

it("an announced length over the limit is answered 413 before a byte of the body arrives", async () => {
  const socket = net.connect(echo.server.addresses.web.port, "127.0.0.1");
  socket.write(
    "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n\r\n",
  );
  const answer = await new Promise<string>((resolve) => socket.once("data", (bytes) => resolve(String(bytes))));
  socket.destroy();
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});
