import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { echoRoute } from "@bellwether/testing/echo/echo-service";
import { type EchoServer, startEcho } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { route } from "../call/route.ts";
import { restRoute } from "../rest/rest-route.ts";

const ROUTES = [echoRoute(), route(AlertService, { listAlerts: () => ({ nextPageToken: "x".repeat(2_000) }) })];
const REST = [
  restRoute({
    ...{ verb: "GET", path: "/echo", rpc: EchoService.method.echo, query: { single: ["id"] } },
    toRequest: ({ query }) => ({ id: query.get("id") ?? "x" }),
    toJson: ({ request }) => ({ got: request?.id ?? "" }),
  }),
  restRoute({
    ...{ verb: "POST", path: "/echo", rpc: EchoService.method.echo, query: {} },
    toRequest: ({ body }) => ({ id: typeof body === "string" ? body : "x" }),
    toJson: ({ request }) => ({ got: request?.id ?? "" }),
  }),
  restRoute({
    ...{ verb: "GET", path: "/alerts", rpc: AlertService.method.listAlerts, query: {} },
    toRequest: () => ({}),
    toJson: ({ nextPageToken }) => ({ nextPageToken }),
  }),
];
const LIST = "/bellwether.ops.v1.AlertService/ListAlerts";
const INCREMENT = "/bellwether.echo.v1.EchoService/Increment";
const TEXT = "text/plain; charset=utf-8";
const JSON_BODY = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };

const openssl = hasOpenssl();
const certificates = openssl ? makeCertificates() : undefined;
let echo: EchoServer;
let secure: EchoServer | undefined;
beforeAll(async () => {
  echo = await startEcho({ routes: ROUTES, rest: REST });
  if (certificates) secure = await startEcho({ routes: ROUTES, rest: REST, tls: certificates.server });
});
afterAll(async () => {
  await echo[Symbol.asyncDispose]();
  await secure?.[Symbol.asyncDispose]();
});

/** Sends bytes to the web listener and reads until it closes the connection. */
async function raw(text: string, port = echo.server.addresses.web.port): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => {}).write(text);
  const chunks: Buffer[] = await socket.toArray();
  return Buffer.concat(chunks).toString("latin1");
}
const request = (line: string, ...headers: string[]): Promise<string> =>
  raw(`${line} HTTP/1.1\r\n${["connection: close", ...headers].join("\r\n")}\r\n\r\n`);
const bodyOf = (answer: string): string => answer.slice(answer.indexOf("\r\n\r\n") + 4);

describe("a request target", () => {
  it.each(["http://localhost/echo?id=a", "HTTP://localhost:8080/echo?id=a", "https://localhost/echo?id=a"])(
    "in absolute form is served: %s",
    async (target) => {
      const answer = await request(`GET ${target}`, "host: localhost");
      expect([answer.slice(0, 15), bodyOf(answer)]).toEqual(["HTTP/1.1 200 OK", '{"got":"a"}']);
    },
  );

  it("in absolute form reaches RPCs too, and its host replaces the Host header", async () => {
    const body = ["content-type: application/json", "content-length: 2"];
    const text = (target: string, host: string) =>
      raw(`POST ${target} HTTP/1.1\r\nconnection: close\r\nhost: ${host}\r\n${body.join("\r\n")}\r\n\r\n{}`);
    expect(await text(`http://localhost${LIST}`, "evil.example")).toContain("nextPageToken");
    expect(await text(`http://evil.example${LIST}`, "localhost")).toMatch(/^HTTP\/1\.1 421 /);
  });

  it.each(["ftp://localhost/echo", "http://user:secret@localhost/echo", "http:///echo"])(
    "that is invalid for this server is rejected with a reason: %s",
    async (target) => {
      const answer = await request(`GET ${target}`, "host: localhost");
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(JSON.parse(bodyOf(answer))).toMatchObject({ code: "invalid_argument" });
      expect(answer).not.toContain("secret");
    },
  );

  it("of the whole server (*) answers OPTIONS", async () => {
    expect(await request("OPTIONS *", "host: localhost")).toMatch(
      /^HTTP\/1\.1 204 .*allow: GET, HEAD, POST, OPTIONS/is,
    );
  });
});

describe("HEAD", () => {
  it.each(["/echo?id=a", "/alerts", `${LIST}?connect=v1&encoding=json&message=%7B%7D`])(
    "returns the headers of GET and no body: %s",
    async (path) => {
      const headers = { "accept-encoding": "identity" };
      const get = await fetch(`${echo.webUrl}${path}`, { headers });
      const head = await fetch(`${echo.webUrl}${path}`, { headers, method: "HEAD" });
      const read = ({ status, headers }: Response) => [
        status,
        headers.get("content-type"),
        headers.get("content-length"),
      ];
      expect(read(head)).toEqual(read(get));
      expect(get.status).toBe(200);
      expect((await get.text()).length).toBe(Number(get.headers.get("content-length")));
      expect(await head.text()).toBe("");
    },
  );

  it("is listed in Allow, and is rejected for a path without GET", async () => {
    const deleted = await fetch(`${echo.webUrl}/echo`, { method: "DELETE" });
    expect(deleted.headers.get("allow")).toBe("GET, HEAD, POST");
    expect((await fetch(`${echo.webUrl}${INCREMENT}`, { method: "HEAD" })).status).toBe(405);
  });
});

describe("a charset", () => {
  const post = (path: string, type: string, body: BodyInit = '"ü"') =>
    fetch(`${echo.webUrl}${path}`, { method: "POST", headers: { "content-type": type }, body });

  it.each(["application/json; charset=utf-8", "application/json;charset=UTF8", 'application/json; charset="utf-8"'])(
    "that means UTF-8 is accepted: %s",
    async (type) => {
      expect(await (await post("/echo", type)).json()).toEqual({ got: "ü" });
    },
  );

  it.each(["application/json; charset=iso-8859-1", "application/json; charset=latin1", "text/plain; charset=utf-16"])(
    "in which JSON cannot be read is rejected instead of misread: %s",
    async (type) => {
      const rest = await post("/echo", type, Buffer.from('"ü"', "latin1"));
      expect(rest.status).toBe(415);
      expect(rest.headers.get("accept-post")).toBe("application/json");
      expect((await rest.json()).message).toMatch(/^the charset ".*" is not supported here: send JSON in UTF-8$/);
      const rpc = await post(LIST, type, "{}");
      const isJson = type.startsWith("application/json");
      expect([rpc.status, rpc.headers.get("content-type")]).toEqual([415, isJson ? "application/json" : TEXT]);
      const reason = "is not supported here: use application/json in UTF-8";
      expect(isJson ? (await rpc.json()).message : await rpc.text()).toContain(reason);
    },
  );

  it.each(["text/xml", "application/soap+xml", "multipart/form-data; boundary=x"])(
    "is not needed to reject another content type: %s",
    async (type) => {
      const rest = await post("/echo", type);
      expect([rest.status, rest.headers.get("accept-post")]).toEqual([415, "application/json"]);
      expect((await rest.json()).message).toContain("is not read here: send application/json");
    },
  );

  it.each(["application/json", "application/problem+json", "application/x-www-form-urlencoded", "text/plain"])(
    "of a type that clients send with JSON may be missing: %s",
    async (type) => {
      expect((await post("/echo", type)).status).toBe(200);
    },
  );

  it.each([
    ["/echo", '"ü"'],
    ["/bellwether.echo.v1.EchoService/Echo", '{"id":"ü"}'],
  ])("does not allow bytes that are not UTF-8: %s", async (path, body) => {
    const answer = await post(path, "application/json", Buffer.from(body, "latin1"));
    expect([answer.status, (await answer.json()).message]).toEqual([400, "the body is not UTF-8"]);
    const cut = Buffer.from(body).subarray(0, body.indexOf("ü") + 1);
    expect((await (await post(path, "application/json", cut)).json()).message).toBe("the body is not UTF-8");
    expect((await post(path, "application/json", body)).status).toBe(200);
  });

  it.each([
    ["/echo", '"ü"'],
    ["/bellwether.echo.v1.EchoService/Echo", '{"id":"ü"}'],
  ])("does not allow decompressed bytes that are not UTF-8 either: %s", async (path, body) => {
    const zipped = (encoding: BufferEncoding) =>
      fetch(`${echo.webUrl}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "content-encoding": "gzip" },
        body: new Uint8Array(gzipSync(Buffer.from(body, encoding))),
      });
    const answer = await zipped("latin1");
    const { message, details } = await answer.json();
    expect([answer.status, message]).toEqual([400, "the body is not UTF-8"]);
    expect(details[0].debug).toMatchObject({ reason: "MALFORMED_JSON" });
    expect((await zipped("utf8")).status).toBe(200);
  });
});

describe("JSON outside of a plain body", () => {
  const ERROR = "the body is not UTF-8";

  it("in base64 in the query of Connect's GET is rejected when its bytes are not UTF-8", async () => {
    const get = (encoding: BufferEncoding) => {
      const message = Buffer.from('{"modelName":"ü"}', encoding).toString("base64url");
      return fetch(`${echo.webUrl}${LIST}?connect=v1&encoding=json&base64=1&message=${message}`);
    };
    const answer = await get("latin1");
    expect([answer.status, (await answer.json()).message]).toEqual([400, ERROR]);
    expect((await get("utf8")).status).toBe(200);
  });

  it.each([
    ["application/connect+json", "connect-content-encoding"],
    ["application/grpc-web+json", "grpc-encoding"],
  ])("in a stream is rejected when its bytes are not UTF-8, plain and compressed: %s", async (type, encodingHeader) => {
    for (const isZipped of [false, true]) {
      const plain = Buffer.from('{"to":1,"id":"ü"}', "latin1");
      const message = isZipped ? gzipSync(plain) : plain;
      const head = Buffer.alloc(5, isZipped ? 1 : 0);
      head.writeUInt32BE(message.length, 1);
      const answer = await fetch(`${echo.webUrl}/bellwether.echo.v1.EchoService/Count`, {
        method: "POST",
        headers: { "content-type": type, ...(isZipped && { [encodingHeader]: "gzip" }) },
        body: Buffer.concat([head, message]),
      });
      const text = `${await answer.text()} ${answer.headers.get("grpc-message")}`;
      expect(decodeURIComponent(text)).toContain(ERROR);
    }
  });
});

describe("headers of errors", () => {
  it.each(["/echo", LIST])("with 401 state how to authenticate: %s", async (path) => {
    await using closed = await startEcho({ routes: ROUTES, rest: REST, auth: { identities: {} } });
    const answer = await fetch(`${closed.webUrl}${path}`, JSON_BODY);
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="bellwether"']);
  });

  it.each(["/echo", LIST])("state that a token is invalid: %s", async (path) => {
    const tokens = { keys: { keys: [] }, issuer: "us", audience: "mesh", rolesClaim: "roles" };
    await using closed = await startEcho({ routes: ROUTES, rest: REST, auth: { identities: {}, tokens } });
    const headers = { ...JSON_BODY.headers, authorization: "Bearer e30.e30.e30" };
    const answer = await fetch(`${closed.webUrl}${path}`, { ...JSON_BODY, headers });
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="bellwether", error="invalid_token"');
  });

  it.each(["/echo", LIST])("with 429 state when to retry, in whole seconds: %s", async (path) => {
    const admission = { maxInFlight: 0, maxQueued: 0 };
    await using full = await startEcho({ routes: ROUTES, rest: REST, admission });
    const answer = await fetch(`${full.webUrl}${path}`, JSON_BODY);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "1"]);
  });
});

describe("a compressed answer of a REST path", () => {
  /** fetch is not used here, because it decompresses the answer. */
  const ask = async (path: string, accept: string) => {
    const socket = net.connect(echo.server.addresses.web.port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept-encoding: ${accept}\r\n\r\n`);
    const chunks: Buffer[] = await socket.toArray();
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    return { head: answer.subarray(0, end).toString().toLowerCase(), body: answer.subarray(end + 4) };
  };
  const text = JSON.stringify({ nextPageToken: "x".repeat(2_000) });

  it.each([
    ["gzip", "gzip", gunzipSync],
    ["br, gzip;q=0.5", "br", brotliDecompressSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
    ["br;q=0.1, gzip", "gzip", gunzipSync],
    ["*", "br", brotliDecompressSync],
  ])("is sent to a client that accepts %s", async (accept, encoding, decode) => {
    const { head, body } = await ask("/alerts", accept);
    expect(head).toContain(`content-encoding: ${encoding}`);
    expect(head).toContain("vary: accept-encoding");
    expect(head).toContain(`content-length: ${body.length}`);
    expect(decode(body).toString()).toBe(text);
  });

  it.each([
    ["/alerts", "identity"],
    ["/alerts", "gzip;q=0, br;q=0"],
    ["/alerts", "deflate"],
    ["/echo", "gzip"],
  ])("is not sent for %s to a client that accepts %s, or when the answer is small", async (path, accept) => {
    const { head } = await ask(path, accept);
    expect(head).not.toContain("content-encoding");
    expect(head).toContain("vary: accept-encoding");
  });
});

describe("a request that is not a call is rejected with a reason", () => {
  const says = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${echo.webUrl}${path}`, init);
    const type = answer.headers.get("content-type");
    return [answer.status, type, await answer.json(), answer.headers.get("allow")];
  };
  const type = "application/json";
  const PROBLEM = "application/problem+json";
  const problem = (members: { readonly message: string; readonly [name: string]: unknown }) =>
    expect.objectContaining({
      type: "about:blank",
      detail: members.message,
      request_id: expect.any(String),
      ...members,
    });

  it("with 404", async () => {
    const nothing = { code: "not_found", message: 'there is nothing at "/nowhere" here' };
    expect(await says("/nowhere")).toEqual([404, PROBLEM, problem({ ...nothing, reason: "PATH_NOT_FOUND" }), null]);
    const rpc = { code: "unimplemented", message: 'there is no RPC "/a.b.C/D" here' };
    const connect = expect.objectContaining(rpc);
    expect(await says("/a.b.C/D", JSON_BODY)).toEqual([404, type, connect, null]);
    expect(await says("/a.b.C/D?connect=v1&encoding=json&message=%7B%7D")).toEqual([404, type, connect, null]);
  });

  it("with 405 and Allow", async () => {
    const rest = { code: "unimplemented", message: '"PUT" is not allowed here: use GET or HEAD' };
    const fields = [{ field: "method", description: rest.message }];
    const expected = problem({ ...rest, reason: "METHOD_NOT_ALLOWED", fields });
    expect(await says("/alerts", { method: "PUT" })).toEqual([405, PROBLEM, expected, "GET, HEAD"]);
    const readOnly = { code: "unknown", message: '"PUT" is not allowed here: use POST or GET or HEAD' };
    expect(await says(LIST, { method: "PUT" })).toEqual([
      ...[405, type, expect.objectContaining(readOnly), "POST, GET, HEAD"],
    ]);
    const writing = { code: "unknown", message: '"GET" is not allowed here: use POST' };
    expect(await says(INCREMENT)).toEqual([405, type, expect.objectContaining(writing), "POST"]);
  });

  it("with 406, where the client accepts no JSON", async () => {
    const [status, content, body] = await says("/alerts", { headers: { accept: "text/csv" } });
    expect([status, content]).toEqual([406, PROBLEM]);
    expect(body).toMatchObject({ reason: "NOT_ACCEPTABLE", fields: [{ field: "accept" }] });
    expect((await says("/alerts", { headers: { accept: "text/html, */*;q=0.1" } }))[0]).not.toBe(406);
  });

  it("with 415", async () => {
    const ask = (type: string) => fetch(`${echo.webUrl}${LIST}`, { ...JSON_BODY, headers: { "content-type": type } });
    const latin1 = await ask("application/json; charset=latin1");
    const message = expect.stringMatching(
      /^the content type "application\/json; charset=latin1" is not supported here/,
    );
    expect([latin1.status, await latin1.json()]).toEqual([415, expect.objectContaining({ code: "unknown", message })]);
    const csv = await ask("text/csv");
    expect([csv.status, csv.headers.get("content-type")]).toEqual([415, TEXT]);
    expect(await csv.text()).toMatch(/^the content type "text\/csv" is not supported here: use application\/json/);
  });

  it.each([
    [404, "POST", "/a.b.C/D", "application/grpc-web+proto", 'there is no RPC "/a.b.C/D" here'],
    [405, "PUT", LIST, "application/grpc-web+proto", '"PUT" is not allowed here: use POST or GET or HEAD'],
    [
      415,
      "POST",
      LIST,
      "application/grpc-web+foo",
      'the content type "application/grpc-web+foo" is not supported here: use',
    ],
    [403, "POST", LIST, "application/grpc-web+proto", 'the origin "https://evil.example" is not allowed'],
  ])("with %i, as plain text for clients of gRPC-Web", async (status, method, path, type, reason) => {
    const headers = { "content-type": type, ...(status === 403 && { origin: "https://evil.example" }) };
    const answer = await fetch(`${echo.webUrl}${path}`, { method, headers, body: "" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, TEXT]);
    expect(await answer.text()).toContain(reason);
  });

  it("with 421", async () => {
    const answer = await request("GET /echo", "host: evil.example");
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(JSON.parse(bodyOf(answer)).message).toContain('"evil.example": BELLWETHER_WEB_HOSTS');
  });

  it("with 405 or 415 at the gRPC listener", async () => {
    const session = http2.connect(echo.grpcUrl);
    const ask = async (headers: http2.OutgoingHttpHeaders) => {
      const stream = session.request(headers).end();
      const [answer] = await once(stream, "response");
      return [answer[":status"], Buffer.concat(await stream.toArray()).toString()];
    };
    expect(await ask({ ":path": LIST })).toEqual([405, "this listener accepts gRPC only: use POST\n"]);
    const json = { ":method": "POST", ":path": LIST, "content-type": "application/json" };
    expect(await ask(json)).toEqual([415, expect.stringContaining("use the content type application/grpc")]);
    session.destroy();
  });

  it("when it is not HTTP at all", async () => {
    const answer = await raw("EHLO example.org\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(bodyOf(answer)).message).toMatch(/^this is not an HTTP\/1\.1 request: /);
  });
});

describe("headers above the size limit", () => {
  const TOKEN = `Bearer ${"x".repeat(17_000)}`;
  const message =
    "the request's header fields are larger than 16384 bytes: send a smaller token, or raise BELLWETHER_MAX_HEADER_BYTES";

  it("are answered with 431 and the way out over HTTP/1.1", async () => {
    const answer = await request("GET /echo", "host: localhost", `authorization: ${TOKEN}`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(JSON.parse(bodyOf(answer))).toMatchObject({
      ...{ code: "resource_exhausted", message, status: 431, reason: "HEADERS_TOO_LARGE" },
    });
  });

  it.skipIf(!openssl)("are answered with 431 and the way out under TLS, over HTTP/1.1 and HTTP/2", async () => {
    const { port } = secure?.server.addresses.web ?? expect.fail("not started");
    const socket = tls.connect({ port, ca: certificates?.ca ?? "", servername: "localhost" });
    socket.on("error", () => {}).write(`GET /echo HTTP/1.1\r\nhost: localhost\r\nauthorization: ${TOKEN}\r\n\r\n`);
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 431 .*BELLWETHER_MAX_HEADER_BYTES/s);

    const session = http2.connect(secure?.webUrl ?? "", { ca: certificates?.ca ?? "" });
    const stream = session.request({ ":path": "/echo", authorization: TOKEN });
    const [headers] = await once(stream, "response");
    expect([headers[":status"], JSON.parse(Buffer.concat(await stream.toArray()).toString())]).toEqual([
      431,
      expect.objectContaining({ code: "resource_exhausted", message, reason: "HEADERS_TOO_LARGE" }),
    ]);
    session.destroy();
  });

  it("are answered with RESOURCE_EXHAUSTED and the way out over gRPC", async () => {
    const client = createClient(AlertService, createGrpcTransport({ baseUrl: echo.grpcUrl }));
    const error = await client
      .listAlerts({}, { headers: { authorization: TOKEN } })
      .then(() => undefined, ConnectError.from);
    expect([error?.code, error?.rawMessage]).toEqual([Code.ResourceExhausted, message]);
    expect((await client.listAlerts({})).nextPageToken).toHaveLength(2_000);
  });

  it("are accepted by a server with a larger limit", async () => {
    await using wide = await startEcho({ routes: ROUTES, rest: REST, limits: { maxHeaderBytes: 64 * 1024 } });
    expect((await fetch(`${wide.webUrl}/echo`, { headers: { authorization: TOKEN } })).status).toBe(200);
    const client = createClient(AlertService, createGrpcTransport({ baseUrl: wide.grpcUrl }));
    expect((await client.listAlerts({}, { headers: { authorization: TOKEN } })).nextPageToken).toHaveLength(2_000);
  });
});

describe("HTTP/2 in clear text at the web listener", () => {
  const WAY_OUT = "this listener speaks HTTP/2 only under TLS: use HTTP/1.1 here, or the gRPC listener";

  it("is answered in HTTP/2 with one line that names the way out", async () => {
    const session = http2.connect(echo.webUrl).on("error", () => {});
    const [code, , data] = await once(session, "goaway");
    expect(code).toBe(http2.constants.NGHTTP2_HTTP_1_1_REQUIRED);
    expect(Buffer.from(data).toString()).toContain(WAY_OUT);
    session.destroy();
  });

  it("is answered with readable bytes, and the next connection is served", async () => {
    expect(await raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).toContain(WAY_OUT);
    expect((await fetch(`${echo.webUrl}/echo`)).status).toBe(200);
  });
});
