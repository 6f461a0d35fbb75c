import { once } from "node:events";
import http from "node:http";
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import net from "node:net";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@bellwether/gen/grpc/health/v1/health_pb";
import { type EchoServer, startEcho, until } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { route } from "../call/route.ts";

/** A watch that reports its start, and a call that ends. */
const ROUTES = [
  route(AlertService, {
    async *watchAlerts(_, { signal }) {
      yield { truncated: true };
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
    listAlerts: () => ({ nextPageToken: "here" }),
  }),
];

const openssl = hasOpenssl();
const certificates = openssl ? makeCertificates() : undefined;
const tls = certificates && { tls: certificates.server };
const nodeOptions = { ca: certificates?.ca ?? "" };

const CLEAR: Readonly<Record<string, (echo: EchoServer) => Transport>> = {
  gRPC: ({ grpcUrl }) => createGrpcTransport({ baseUrl: grpcUrl }),
  "Connect over HTTP/1.1": ({ webUrl }) => createConnectTransport({ baseUrl: webUrl, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/1.1": ({ webUrl }) => createGrpcWebTransport({ baseUrl: webUrl, httpVersion: "1.1" }),
};
const SECURE: Readonly<Record<string, (echo: EchoServer) => Transport>> = {
  "gRPC under TLS": ({ grpcUrl }) => createGrpcTransport({ baseUrl: grpcUrl, nodeOptions }),
  "Connect over HTTP/2 under TLS": ({ webUrl }) =>
    createConnectTransport({ baseUrl: webUrl, httpVersion: "2", nodeOptions }),
  "Connect over HTTP/1.1 under TLS": ({ webUrl }) =>
    createConnectTransport({ baseUrl: webUrl, httpVersion: "1.1", nodeOptions }),
};
const CASES = [
  ...Object.entries(CLEAR).map(([name, transport]) => ({ name, transport, secure: undefined })),
  ...(tls ? Object.entries(SECURE).map(([name, transport]) => ({ name, transport, secure: tls })) : []),
];

describe.each(CASES)("an idle watch, $name", ({ transport, secure }) => {
  it("sends empty messages; a health watch repeats its status", async () => {
    await using echo = await startEcho({ routes: ROUTES, limits: { watchKeepaliveMs: 30 }, ...secure });
    const stop = new AbortController();
    const alerts = createClient(AlertService, transport(echo)).watchAlerts({}, { signal: stop.signal });
    const seen: boolean[] = [];
    for await (const { truncated } of alerts) if (seen.push(truncated) === 4) break;
    expect(seen).toEqual([true, false, false, false]);
    const statuses: Status[] = [];
    for await (const { status } of createClient(Health, transport(echo)).watch({}, { signal: stop.signal }))
      if (statuses.push(status) === 3) break;
    expect(statuses).toEqual(Array(3).fill(Status.SERVING));
    stop.abort();
  });

  it("ends when its connection is old, with a code that makes clients open it again", async () => {
    await using echo = await startEcho({
      routes: ROUTES,
      limits: { connectionAgeMs: 300, connectionAgeGraceMs: 60_000 },
      ...secure,
    });
    const client = createClient(AlertService, transport(echo));
    for (let times = 1; times <= 2; times++) {
      const seen: boolean[] = [];
      const watching = (async () => {
        for await (const { truncated } of client.watchAlerts({}, { timeoutMs: 20_000 })) seen.push(truncated);
      })();
      const error = await watching.then(() => undefined, ConnectError.from);
      expect(error?.rawMessage).toBe("the connection has reached its age limit: open the stream again");
      expect(error?.code).toBe(Code.Unavailable);
      expect(seen).toEqual([true]);
    }
    expect((await client.listAlerts({})).nextPageToken).toBe("here");
  });
});

it("one address gets three quarters of a server's watches, and its error says what to do", async () => {
  await using echo = await startEcho({ routes: ROUTES, admission: { maxOpenEnded: 4 } });
  const leaving = new AbortController();
  const open = async (localAddress: string) => {
    const { port } = echo.server.addresses.grpc;
    const createConnection = () => net.connect({ port, host: "127.0.0.1", localAddress });
    const transport = createGrpcTransport({ baseUrl: echo.grpcUrl, nodeOptions: { createConnection } });
    const watch = createClient(AlertService, transport).watchAlerts({}, { signal: leaving.signal });
    return (await watch[Symbol.asyncIterator]().next()).value?.truncated;
  };
  const text = (opening: Promise<unknown>) => opening.catch((error) => ConnectError.from(error).message);
  for (let i = 0; i < 3; i++) expect(await open("127.0.0.1")).toBe(true);
  expect(await text(open("127.0.0.1"))).toBe(
    "[resource_exhausted] 3 watches of this caller are open at this server: end some, or try again later",
  );
  expect(await open("127.0.0.2")).toBe(true);
  expect(await text(open("127.0.0.2"))).toBe(
    "[resource_exhausted] 4 watches are open at this server: end some, or try again later",
  );
  leaving.abort();
});

it("leaves streams for calls that end: watches above the limit of a connection are rejected, with the way out", async () => {
  await using echo = await startEcho({ routes: ROUTES, limits: { maxWatches: 2 } });
  const client = createClient(AlertService, createGrpcTransport({ baseUrl: echo.grpcUrl }));
  const open = async (signal?: AbortSignal) => {
    const watch = client.watchAlerts({}, { ...(signal && { signal }) })[Symbol.asyncIterator]();
    return (await watch.next()).value?.truncated;
  };
  const leaving = new AbortController();
  expect([await open(leaving.signal), await open()]).toEqual([true, true]);
  await expect(open()).rejects.toMatchObject({
    code: Code.ResourceExhausted,
    rawMessage: "this connection has 2 open-ended streams: end some, or open another connection",
  });
  expect((await client.listAlerts({})).nextPageToken).toBe("here");
  const another = createClient(AlertService, createGrpcTransport({ baseUrl: echo.grpcUrl }));
  expect((await another.watchAlerts({})[Symbol.asyncIterator]().next()).value?.truncated).toBe(true);
  leaving.abort();
  await expect.poll(() => open(), { timeout: 10_000 }).toBe(true);
});

describe("an HTTP/1.1 connection", () => {
  let echo: EchoServer;
  beforeAll(async () => {
    echo = await startEcho({ routes: ROUTES, limits: { connectionAgeMs: 300, connectionAgeGraceMs: 60_000 } });
  });
  afterAll(() => echo[Symbol.asyncDispose]());

  const ask = async (agent: http.Agent) => {
    const options = { agent, method: "POST", headers: { "content-type": "application/json" } };
    const request = http.request(`${echo.webUrl}/bellwether.ops.v1.AlertService/ListAlerts`, options).end("{}");
    const [response]: http.IncomingMessage[] = await once(request, "response");
    await response?.toArray();
    return { connection: response?.headers.connection, reused: request.reusedSocket };
  };

  it("answers with Connection: close when it is old, and the next call uses another connection", async () => {
    using agent = Object.assign(new http.Agent({ keepAlive: true, maxSockets: 1 }), {
      [Symbol.dispose]: () => agent.destroy(),
    });
    expect(await ask(agent)).toEqual({ connection: "keep-alive", reused: false });
    let answers = 0;
    for (let last = await ask(agent); last.connection === "keep-alive"; last = await ask(agent)) answers++;
    expect(answers).toBeGreaterThan(0);
    expect(await ask(agent)).toEqual({ connection: "keep-alive", reused: false });
  });

  it("has TCP keep-alive", async () => {
    const keepAlive = vi.spyOn(net.Socket.prototype, "setKeepAlive");
    using _ = { [Symbol.dispose]: () => keepAlive.mockRestore() };
    await fetch(`${echo.webUrl}/`);
    await until(() => keepAlive.mock.calls.some(([on, delayMs]) => on === true && delayMs === 60_000), "keep-alive");
  });
});

/** Opens one HTTP/2 connection and records whether the server has sent GOAWAY or closed it. */
function connect(url: string) {
  const session = http2.connect(url, certificates ? { ca: certificates.ca } : {});
  const goaways: number[] = [];
  session.on("goaway", (code) => goaways.push(code)).on("error", () => {});
  return { session, goaways };
}

const GRPC = { te: "trailers", "content-type": "application/grpc" };
const EMPTY_ENVELOPE = Buffer.alloc(5);

interface Dialect {
  readonly url: (echo: EchoServer) => string;
  readonly secure: boolean;
  readonly watchHeaders: Record<string, string>;
  readonly callHeaders: Record<string, string>;
  readonly watchBody: Buffer;
  readonly callBody: Buffer;
}
const DIALECTS: Readonly<Record<string, Dialect>> = {
  "the gRPC listener": {
    ...{ url: ({ grpcUrl }) => grpcUrl, secure: false, watchHeaders: GRPC, callHeaders: GRPC },
    ...{ watchBody: EMPTY_ENVELOPE, callBody: EMPTY_ENVELOPE },
  },
  "the web listener under TLS": {
    ...{ url: ({ webUrl }) => webUrl, secure: true, watchHeaders: { "content-type": "application/connect+proto" } },
    ...{ callHeaders: { "content-type": "application/proto" }, watchBody: EMPTY_ENVELOPE, callBody: Buffer.alloc(0) },
  },
};

describe.each(Object.entries(DIALECTS))("200 watches on one HTTP/2 connection of %s", (_, dialect) => {
  const ask = (session: ClientHttp2Session, method: string, headers: Record<string, string>, body: Buffer) => {
    const path = `/bellwether.ops.v1.AlertService/${method}`;
    const stream = session.request({ ":method": "POST", ":path": path, ...headers });
    stream.on("error", () => {}).end(body);
    return stream;
  };
  const answerOf = async (stream: ClientHttp2Stream): Promise<string> =>
    Buffer.concat(await stream.toArray()).toString();

  it.skipIf(dialect.secure && !openssl)(
    "do not block calls that end, and can all end together without an error",
    async () => {
      await using echo = await startEcho({ routes: ROUTES, ...(dialect.secure && tls) });
      const { session, goaways } = connect(dialect.url(echo));
      let open = 0;
      let ended = 0;
      const watches = Array.from({ length: 200 }, () => {
        const stream = ask(session, "WatchAlerts", dialect.watchHeaders, dialect.watchBody);
        stream.once("data", () => open++);
        stream.on("close", () => ended++);
        return stream;
      });
      await until(() => open === 200, "200 watches");
      const answers = await Promise.all(
        Array.from({ length: 28 }, () => answerOf(ask(session, "ListAlerts", dialect.callHeaders, dialect.callBody))),
      );
      expect(answers.filter((answer) => answer.includes("here"))).toHaveLength(28);
      for (const watch of watches) watch.close(http2.constants.NGHTTP2_CANCEL);
      await until(() => ended === 200, "the watches' end");
      const after = await answerOf(ask(session, "ListAlerts", dialect.callHeaders, dialect.callBody));
      expect(after).toContain("here");
      expect(goaways).toEqual([]);
      session.destroy();
    },
  );

  it.skipIf(dialect.secure && !openssl)(
    "are not a flood either when they are canceled before they are answered",
    async () => {
      await using echo = await startEcho({ routes: ROUTES, ...(dialect.secure && tls) });
      const { session, goaways } = connect(dialect.url(echo));
      await once(session, "remoteSettings");
      const watches = Array.from({ length: 200 }, () =>
        ask(session, "WatchAlerts", dialect.watchHeaders, dialect.watchBody),
      );
      for (const watch of watches) watch.close(http2.constants.NGHTTP2_CANCEL);
      const after = await answerOf(ask(session, "ListAlerts", dialect.callHeaders, dialect.callBody));
      expect(after).toContain("here");
      expect(goaways).toEqual([]);
      session.destroy();
    },
  );
});
