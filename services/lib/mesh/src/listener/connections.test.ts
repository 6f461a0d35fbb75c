import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { manageConnections } from "./connections.ts";
import { DEFAULT_LISTENER_LIMITS, type ListenerLimits } from "./listener-limits.ts";

/** Starts a server with these connection limits whose streams `answer` handles; returns its port. */
async function listen(limits: Partial<ListenerLimits>, answer: (stream: http2.ServerHttp2Stream) => void = () => {}) {
  const server = http2.createServer();
  manageConnections(server, { ...DEFAULT_LISTENER_LIMITS, ...limits });
  server.on("stream", (stream) => answer(stream.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

function connect(port: number, options: http2.ClientSessionOptions = {}): http2.ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${port}`, options);
  onTestFinished(() => session.destroy());
  return session.on("error", () => {});
}

const gone = (session: http2.ClientHttp2Session): Promise<unknown> => once(session, "close");

it("sends GOAWAY on an old connection and lets its call end", async () => {
  const port = await listen({ connectionAgeMs: 100 }, (stream) => {
    setTimeout(() => stream.respond({}, { endStream: true }), 400);
  });
  const session = connect(port);
  const answered = once(session.request(), "response");
  await once(session, "goaway");
  expect((await answered)[0][":status"]).toBe(200);
  await gone(session);
});

it("closes an old connection whose call does not end in time", async () => {
  const session = connect(await listen({ connectionAgeMs: 50, connectionAgeGraceMs: 100 }));
  session.request().on("error", () => {});
  await gone(session);
});

it("sends GOAWAY on a connection without calls, but not on one with a call", async () => {
  let open: http2.ServerHttp2Stream | undefined;
  const port = await listen({ connectionIdleMs: 100 }, (stream) => {
    open = stream;
  });
  const [idle, busy] = [connect(port), connect(port)];
  let busyGone = false;
  const ended = gone(busy).then(() => {
    busyGone = true;
  });
  busy.request().on("error", () => {});
  await gone(idle);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(busyGone).toBe(false);
  open?.respond({}, { endStream: true });
  await ended;
});

/**
 * Returns a client that sends the HTTP/2 preface and then nothing, and that neither reads nor closes its
 * side.
 */
async function connectSilently(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), emptySettings]));
  return socket;
}

it("closes a connection whose client answers no PING, and keeps one whose client does", async () => {
  const port = await listen({ keepaliveMs: 50, keepaliveTimeoutMs: 50 });
  const alive = connect(port);
  await once(alive, "remoteSettings");
  const silent = await connectSilently(port);
  silent.resume();
  await once(silent, "end");
  expect(alive.destroyed).toBe(false);
});

it.each<[string, Partial<ListenerLimits>]>([
  ["idle", { connectionIdleMs: 50 }],
  ["old", { connectionAgeMs: 50, connectionAgeGraceMs: 50 }],
])("frees the place of an %s connection whose client does not close it", async (_, limits) => {
  const port = await listen({ ...limits, maxConnections: 1, keepaliveMs: 100, keepaliveTimeoutMs: 10_000 });
  const lingering = await connectSilently(port);
  lingering.pause();
  const isServed = async (): Promise<boolean> => {
    const next = connect(port);
    const served = await Promise.race([once(next, "remoteSettings").then(() => true), gone(next).then(() => false)]);
    next.destroy();
    return served;
  };
  await expect.poll(isServed, { timeout: 5_000 }).toBe(true);
});

it("drops an answer that its client does not read, and no other answer", async () => {
  const port = await listen({ answerTimeoutMs: 100 }, (stream) => {
    stream.respond({});
    stream.end(Buffer.alloc(100_000));
  });
  const stalled = connect(port, { settings: { initialWindowSize: 0 } }).request();
  stalled.on("error", () => {});
  const taken = connect(port).request().resume();
  await Promise.all([once(stalled, "close"), once(taken, "end")]);
  expect(stalled.rstCode).toBe(http2.constants.NGHTTP2_CANCEL);
  expect(taken.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
});
