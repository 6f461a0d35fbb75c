import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { echoClient, startEcho } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates, type TestCertificates } from "@bellwether/testing/echo/test-certificates";
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, beforeAll, describe, expect, it } from "vitest";

const ECHO = "/bellwether.echo.v1.EchoService/Echo";
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** Path of an RPC with a late deadline, so that the time limit of bodies comes first. */
const MEASURE = "/bellwether.echo.v1.EchoService/Measure";
const postHead = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`;
const limits = { maxConnections: 3, headersTimeoutMs: 300, bodyTimeoutMs: 600 };

const LISTENERS = ["grpc", "web", "admin"] as const;
type ListenerName = (typeof LISTENERS)[number];

const open: net.Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** Returns a raw connection and everything that it received. The end of the test closes it. */
async function connect(port: number, secure?: tls.ConnectionOptions) {
  const socket = secure ? tls.connect({ port, host: "localhost", ...secure }) : net.connect(port, "127.0.0.1");
  open.push(socket);
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  socket.on("error", () => {});
  const closed = new Promise<number>((resolve) => {
    const since = performance.now();
    socket.once("close", () => resolve(performance.now() - since));
  });
  await once(socket, secure ? "secureConnect" : "connect");
  return { socket, closed, received: () => received };
}

/** Sends a byte at intervals until the server closes the connection. */
function dribble(socket: net.Socket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < text.length) socket.write(text[sent++] ?? "");
  }, 50);
  socket.once("close", () => clearInterval(timer));
}

describe.each(["grpc", "web"] as const)("the %s listener in clear text", (listener) => {
  it("accepts connections up to its limit, and new ones when some have closed", async () => {
    await using echo = await startEcho({ limits: { ...limits, headersTimeoutMs: 10_000 } });
    const { port } = echo.server.addresses[listener];
    const held = await Promise.all([1, 2, 3].map(() => connect(port)));
    const turnedAway = await connect(port);
    expect(await turnedAway.closed).toBeLessThan(2_000);
    expect(held.map(({ socket }) => socket.destroyed)).toEqual([false, false, false]);
    held[0]?.socket.destroy();
    const taken = async () => {
      const { socket, closed } = await connect(port);
      return Promise.race([
        closed.then(() => "closed"),
        new Promise((resolve) => setTimeout(resolve, 200, "open")),
      ]).finally(() => socket.destroy());
    };
    await expect.poll(taken).toBe("open");
  });
});

describe("the admin listener at its limit", () => {
  const probe = async (port: number): Promise<string> => {
    const { socket, closed, received } = await connect(port);
    socket.write("GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    await closed;
    return received().slice(0, 12);
  };

  it.each(["GET /readyz HT", "", "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"])(
    "closes the oldest connection that waits for no answer, not the new one: %j",
    async (sent) => {
      await using echo = await startEcho({ limits: { maxConnections: 3 } });
      const { port } = echo.server.addresses.admin;
      const held = [];
      for (let i = 0; i < 3; i++) {
        const one = await connect(port);
        one.socket.write(sent);
        if (sent.endsWith("\r\n\r\n")) await expect.poll(one.received).toContain("200 OK");
        held.push(one);
      }
      expect(await probe(port)).toBe("HTTP/1.1 200");
      await held[0]?.closed;
      expect(held.map(({ socket }) => socket.destroyed)).toEqual([true, false, false]);
      for (const { socket } of held) socket.destroy();
    },
  );

  it("answers probes while 300 incomplete requests are open", async () => {
    await using echo = await startEcho({ limits: { headersTimeoutMs: 60_000 } });
    const { port } = echo.server.addresses.admin;
    for (let i = 0; i < 300; i++) {
      const { socket } = await connect(port);
      socket.write("GET /readyz HT");
    }
    for (let i = 0; i < 5; i++) expect(await probe(port)).toBe("HTTP/1.1 200");
    for (const socket of open) socket.destroy();
  });

  it("closes the connection that has waited longest for its answer when all wait", async () => {
    const waiting = Promise.withResolvers<void>();
    let asked = 0;
    const metricsText = () => {
      asked++;
      return waiting.promise.then(() => "metric 1\n");
    };
    await using echo = await startEcho({ limits: { maxConnections: 3 }, telemetry: { sampleRatio: 0, metricsText } });
    const { port } = echo.server.addresses.admin;
    const held = [];
    for (let i = 1; i <= 3; i++) {
      const one = await connect(port);
      one.socket.write("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await expect.poll(() => asked).toBe(i);
      held.push(one);
    }
    expect(await probe(port)).toBe("HTTP/1.1 200");
    await held[0]?.closed;
    waiting.resolve();
    for (const { received } of held.slice(1)) await expect.poll(received).toContain("metric 1");
    expect(held[0]?.received()).toBe("");
  });
});

describe.each(LISTENERS)("the %s listener in clear text", (listener: ListenerName) => {
  it("closes a connection that sends nothing", async () => {
    await using echo = await startEcho({ limits });
    const { closed } = await connect(echo.server.addresses[listener].port);
    expect(await closed).toBeLessThan(3_000);
  });

  it("closes a connection whose first bytes take too long", async () => {
    await using echo = await startEcho({ limits });
    const { socket, closed } = await connect(echo.server.addresses[listener].port);
    dribble(
      socket,
      listener === "grpc" ? PREFACE : `GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: ${"x".repeat(1_000)}`,
    );
    expect(await closed).toBeLessThan(3_000);
  });
});

describe.each(["web", "admin"] as const)("the %s listener", (listener) => {
  it("waits for a body up to its time limit and not longer", async () => {
    await using echo = await startEcho({ limits });
    const { socket, closed, received } = await connect(echo.server.addresses[listener].port);
    socket.write(postHead(listener === "admin" ? "/livez" : MEASURE));
    dribble(socket, "x".repeat(1_000));
    expect(await closed).toBeLessThan(3_000);
    expect(received()).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it("keeps a connection open after the answer to a request without a body", async () => {
    await using echo = await startEcho();
    const { socket, received } = await connect(echo.server.addresses[listener].port);
    for (let answers = 1; answers <= 2; answers++) {
      socket.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await expect.poll(() => received().match(/HTTP\/1\.1 /g)?.length).toBe(answers);
    }
    expect(received().match(/connection: keep-alive/gi)?.length).toBe(2);
  });

  it("closes a connection after an answer that is sent before the request's body has arrived", async () => {
    await using echo = await startEcho();
    const { socket, closed, received } = await connect(echo.server.addresses[listener].port);
    socket.write(postHead("/livez"));
    await closed;
    expect(received()).toMatch(/connection: close/i);
  });

  it("accepts 15 KiB of headers and rejects 17 KiB", async () => {
    await using echo = await startEcho();
    const url = listener === "admin" ? `${echo.adminUrl}/livez` : `${echo.webUrl}/`;
    const status = (size: number) => fetch(url, { headers: { "x-large": "x".repeat(size) } }).then((r) => r.status);
    expect(await status(15 * 1024)).toBe(listener === "admin" ? 200 : 404);
    expect(await status(17 * 1024)).toBe(431);
  });
});

it("ends an RPC at the web listener whose body does not arrive, at its deadline and not before", async () => {
  await using echo = await startEcho();
  const { socket, closed, received } = await connect(echo.server.addresses.web.port);
  socket.write(
    `POST ${ECHO} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
  );
  const tookMs = await closed;
  expect(tookMs).toBeGreaterThan(1_900);
  expect(tookMs).toBeLessThan(6_000);
  expect(received()).toContain("deadline_exceeded");
});

it("ends an RPC at the gRPC listener whose body does not arrive, at its default deadline", async () => {
  await using echo = await startEcho();
  const session = http2.connect(echo.grpcUrl);
  const stream = session.request({
    ":method": "POST",
    ":path": ECHO,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const started = performance.now();
  const [headers] = await once(stream, "response");
  expect(headers["grpc-status"]).toBe(String(Code.DeadlineExceeded));
  expect(performance.now() - started).toBeGreaterThan(1_900);
  session.destroy();
});

it("answers a connection's first call at once when the stream ends with its headers and without a message", async () => {
  await using echo = await startEcho();
  const session = http2.connect(echo.grpcUrl);
  await once(session, "remoteSettings");
  const head = { ":method": "POST", ":path": ECHO, "content-type": "application/grpc", te: "trailers" };
  const [headers] = await once(session.request(head, { endStream: false }).end(), "response");
  expect(headers["grpc-status"]).toBe(String(Code.Unimplemented));
  session.destroy();
});

it("sends gRPC clients the limit of 256 streams", async () => {
  await using echo = await startEcho();
  const session = http2.connect(echo.grpcUrl);
  const [settings] = await once(session, "remoteSettings");
  expect(settings.maxConcurrentStreams).toBe(256);
  session.destroy();
});

describe.skipIf(!hasOpenssl())("under TLS (skipped without openssl)", () => {
  let certificates: TestCertificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });
  const startSecure = (more: object = {}) => startEcho({ tls: certificates.server, ...more });

  it.each(["grpc", "web"] as const)(
    "the %s listener closes a connection that does not complete its handshake",
    async (listener) => {
      await using echo = await startSecure({ limits });
      const { closed } = await connect(echo.server.addresses[listener].port);
      expect(await closed).toBeLessThan(3_000);
    },
  );

  it.each([
    ["grpc", "h2"],
    ["web", "h2"],
    ["web", "http/1.1"],
  ] as const)(
    "the %s listener closes a connection that sends nothing after the handshake for %s",
    async (listener, protocol) => {
      await using echo = await startSecure({ limits });
      const { closed } = await connect(echo.server.addresses[listener].port, {
        ca: certificates.ca,
        ALPNProtocols: [protocol],
      });
      expect(await closed).toBeLessThan(3_000);
    },
  );

  it("the web listener answers 408 to an HTTP/1.1 body that takes too long", async () => {
    await using echo = await startSecure({ limits });
    const { socket, closed, received } = await connect(echo.server.addresses.web.port, {
      ca: certificates.ca,
      ALPNProtocols: ["http/1.1"],
    });
    socket.write(postHead(MEASURE));
    dribble(socket, "x".repeat(1_000));
    expect(await closed).toBeLessThan(3_000);
    expect(received()).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it("the web listener sends HTTP/2 clients the limits of 256 streams and 64 KiB of headers", async () => {
    await using echo = await startSecure();
    const session = http2.connect(echo.webUrl, { ca: certificates.ca });
    const [settings] = await once(session, "remoteSettings");
    expect(settings).toMatchObject({ maxConcurrentStreams: 256, maxHeaderListSize: 64 * 1024 });
    session.destroy();
  });

  it("the web listener lets an HTTP/2 client finish sending a rejected request, and answers the next call", async () => {
    await using echo = await startSecure();
    const nodeOptions = { ca: certificates.ca };
    const client = echoClient(createConnectTransport({ baseUrl: echo.webUrl, httpVersion: "2", nodeOptions }));
    const rejected = await client
      .echo({ id: "x", payload: new Uint8Array(7 * 1024 * 1024) })
      .catch((e) => ConnectError.from(e).code);
    expect(rejected).toBe(Code.ResourceExhausted);
    expect((await client.echo({ id: "next" })).request?.id).toBe("next");
  });

  it("the web listener keeps an HTTP/1.1 connection whose client sends another request while a large answer is being written", async () => {
    await using echo = await startSecure();
    const { socket, closed } = await connect(echo.server.addresses.web.port, {
      ca: certificates.ca,
      ALPNProtocols: ["http/1.1"],
    });
    const body = JSON.stringify({ id: "x", text: "x".repeat(500_000) });
    const head = `POST ${ECHO} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    let answers = 0;
    const answered = new Promise<void>((resolve) => {
      socket.on("data", (bytes) => {
        answers += bytes.toString("latin1").split("HTTP/1.1 200").length - 1;
        if (answers === 40) resolve();
      });
    });
    for (let i = 0; i < 40; i++) socket.write(head + body);
    await Promise.race([answered, closed]);
    expect(answers).toBe(40);
  });
});
