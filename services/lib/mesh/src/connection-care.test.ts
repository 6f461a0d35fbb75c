import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { careForConnection } from "./connection-care.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./door-limits.ts";

/** The port of a server that cares for its connections so and leaves its streams to `answer`. */
async function listen(limits: Partial<DoorLimits>, answer: (stream: http2.ServerHttp2Stream) => void = () => {}) {
  const server = http2.createServer();
  server.on("session", (session) => careForConnection(session, { ...DEFAULT_DOOR_LIMITS, ...limits }));
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

it("asks an old connection to go, and lets its call end", async () => {
  const port = await listen({ connectionAgeMs: 100 }, (stream) => {
    setTimeout(() => stream.respond({}, { endStream: true }), 400);
  });
  const session = connect(port);
  const answered = once(session.request(), "response");
  await once(session, "goaway");
  expect((await answered)[0][":status"]).toBe(200);
  await gone(session);
});

it("cuts an old connection whose call does not end in time", async () => {
  const session = connect(await listen({ connectionAgeMs: 50, connectionAgeGraceMs: 100 }));
  session.request().on("error", () => {});
  await gone(session);
});

it("asks a connection without calls to go, and none that has one", async () => {
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

it("drops a connection whose other end answers no PING, and keeps one that does", async () => {
  const port = await listen({ keepaliveMs: 50, keepaliveTimeoutMs: 50 });
  const alive = connect(port);
  await once(alive, "remoteSettings");
  const silent = net.connect(port, "127.0.0.1");
  // A preface and empty SETTINGS, and then nothing.
  silent.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  silent.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  silent.resume();
  await once(silent, "close");
  expect(alive.destroyed).toBe(false);
});

it("drops an answer that its client does not take, and no other", async () => {
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
