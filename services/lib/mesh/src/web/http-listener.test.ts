import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { type EchoServer, echoClient, startEcho, until } from "@bellwether/testing/echo/start-echo";
import { resets } from "@bellwether/testing/http2/flood-frames";
import { END_HEADERS, frame, HEADERS, hello, requestFields } from "@bellwether/testing/http2/http2-frames";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CHECK = "/grpc.health.v1.Health/Check";
const JSON_HEAD = "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/**
 * Sends raw bytes. Returns the received text when the server closes the connection, or when a whole answer
 * without close has arrived.
 */
async function exchange(port: number, request: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    if (/\r\n\r\n/.test(received)) socket.end();
  });
  socket.on("error", () => {});
  socket.write(request, "latin1");
  await once(socket, "close");
  return received;
}

let echo: EchoServer;
beforeAll(async () => {
  // Any host is accepted: host names are checked after their form.
  echo = await startEcho({ web: { allowedHosts: ["localhost", "127.0.0.1", ""] } });
});
afterAll(() => echo.server.stop());

const honest = async (): Promise<unknown> =>
  (await echoClient(createConnectTransport({ baseUrl: echo.webUrl, httpVersion: "1.1" })).echo({ id: "honest" }))
    .request?.id;

const MALFORMED: Readonly<Record<string, string>> = {
  "an RPC by HTTP/1.0 without a Host": `POST ${CHECK} HTTP/1.0\r\n${JSON_HEAD}`,
  "a port out of range": `POST ${CHECK} HTTP/1.1\r\nhost: localhost:99999\r\n${JSON_HEAD}`,
  "a port that is not a number": `POST ${CHECK} HTTP/1.1\r\nhost: localhost:http\r\n${JSON_HEAD}`,
  "no Host": `POST ${CHECK} HTTP/1.1\r\n${JSON_HEAD}`,
  "an empty Host": `POST ${CHECK} HTTP/1.1\r\nhost:\r\n${JSON_HEAD}`,
  "two Hosts": `POST ${CHECK} HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n${JSON_HEAD}`,
  "a Host with a space": `POST ${CHECK} HTTP/1.1\r\nhost: local host\r\n${JSON_HEAD}`,
  "a Host with a user": `POST ${CHECK} HTTP/1.1\r\nhost: me@localhost\r\n${JSON_HEAD}`,
  "a Host with an open bracket": `POST ${CHECK} HTTP/1.1\r\nhost: [::1\r\n${JSON_HEAD}`,
  "a Host of bytes that are not text": `POST ${CHECK} HTTP/1.1\r\nhost: \xff\xfe\r\n${JSON_HEAD}`,
  "a target in absolute form that is not a URL": `POST http://[/ HTTP/1.1\r\nhost: localhost\r\n${JSON_HEAD}`,
};

describe("the web listener", () => {
  it.each(Object.entries(MALFORMED))("answers 400 to %s and serves the next call", async (_, request) => {
    expect(await exchange(echo.server.addresses.web.port, request)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await honest()).toBe("honest");
  });

  it("says what is wrong in JSON without a Host and with an unknown expectation", async () => {
    const { port } = echo.server.addresses.web;
    expect(await exchange(port, MALFORMED["no Host"] ?? "")).toContain('"message":"the request has no Host header');
    const expecting = `POST ${CHECK} HTTP/1.1\r\nhost: localhost\r\nexpect: foo\r\n${JSON_HEAD}`;
    const answer = await exchange(port, expecting);
    expect(answer).toMatch(/^HTTP\/1\.1 417 /);
    expect(answer).toContain('the expectation \\"foo\\" is not known');
  });

  it("names the invalid Host and the valid form", async () => {
    const answer = await exchange(echo.server.addresses.web.port, MALFORMED["a port out of range"] ?? "");
    // At the path of an RPC, the error is Connect's, with its reason.
    expect(answer).toContain(
      '"code":"invalid_argument","message":"the Host \\"localhost:99999\\" is not a host name with a port from 0 to 65535"',
    );
    expect(answer).toContain('"reason":"MALFORMED_REQUEST"');
    expect(answer).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/);
  });

  it("accepts the largest port", async () => {
    const request = `POST ${CHECK} HTTP/1.1\r\nhost: localhost:65535\r\n${JSON_HEAD}`;
    expect(await exchange(echo.server.addresses.web.port, request)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("answers 405 to a request for a tunnel", async () => {
    const answer = await exchange(
      echo.server.addresses.web.port,
      "CONNECT x:99999 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 .*allow: GET, HEAD, POST, OPTIONS.*this is no proxy/s);
    expect(await honest()).toBe("honest");
  });
});

describe("the reason of a request that is not served", () => {
  const answerOf = async (text: string, end = false, limits = {}): Promise<string> => {
    await using server = await startEcho({ limits });
    const socket = net.connect(server.server.addresses.web.port, "127.0.0.1");
    socket.write(text);
    if (end) socket.end();
    return Buffer.concat(await socket.toArray()).toString();
  };
  const head = `POST ${CHECK} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n`;

  it("names a transfer-encoding that is not supported", async () => {
    const answer = await answerOf(`${head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 501 .*the transfer-encoding .*gzip, chunked.* is not supported/s);
  });

  it("says that the body has ended early, and how long it should be", async () => {
    const answer = await answerOf(`${head}content-length: 100\r\n\r\n{`, true);
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*the body ended before its 100 bytes \(content-length\) had arrived/s);
  });

  it("says whether the headers or the body were late", async () => {
    const late = { headersTimeoutMs: 300, bodyTimeoutMs: 300 };
    expect(await answerOf("GET / HTTP/1.1\r\nhost: loc", false, late)).toMatch(
      /^HTTP\/1\.1 408 .*the headers did not arrive in time.*HEADERS_TIMEOUT/s,
    );
    expect(await answerOf(`${head}content-length: 100\r\n\r\n{`, false, late)).toMatch(
      /^HTTP\/1\.1 408 .*the body did not arrive in time.*BODY_TIMEOUT/s,
    );
  });
});

describe("the admin listener", () => {
  it("does not answer another host name than those of this machine, without authentication", async () => {
    const { port } = echo.server.addresses.admin;
    const ask = (host: string) => exchange(port, `GET /metrics HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    expect(await ask("evil.example")).toMatch(/^HTTP\/1\.1 421 /);
    expect(await ask("localhost:9480")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await ask("127.0.0.1")).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("answers an HTTP/1.0 probe without a Host header", async () => {
    expect(await exchange(echo.server.addresses.admin.port, "GET /livez HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(["host: a\r\nhost: b", "host: localhost:65536", ""])("answers 400 to %j", async (fields) => {
    const request = `GET /livez HTTP/1.1\r\n${fields}\r\n\r\n`;
    expect(await exchange(echo.server.addresses.admin.port, request)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it("a connection that fails with all its calls open, after others were canceled, affects no other connection", async () => {
  const { port } = echo.server.addresses.grpc;
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(hello());
  socket.write(resets(1, 100));
  const path = "/bellwether.echo.v1.EchoService/Echo";
  const open = Array.from({ length: 120 }, (_, i) =>
    frame(HEADERS, END_HEADERS, 1 + 2 * (100 + i), requestFields(path)),
  );
  socket.write(Buffer.concat(open));
  let answers = 0;
  socket.on("data", () => answers++);
  await until(() => answers > 0, "the server's settings");
  socket.resetAndDestroy();
  const session = http2.connect(echo.grpcUrl);
  await once(session, "remoteSettings");
  session.destroy();
  expect(await honest()).toBe("honest");
});
