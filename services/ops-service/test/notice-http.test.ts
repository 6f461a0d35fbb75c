import { once } from "node:events";
import net from "node:net";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ResolveAll } from "../src/clients/notices/open-connection.ts";
import { type NoticeSenderOptions, openNoticeSender } from "../src/clients/notices/open-notice-sender.ts";
import type { Destination } from "../src/domain/notices/notice.ts";
import { listenLocally, startReceiver } from "./notice-receiver.ts";
import { largestNotice, OTHER_SECRET, SECRET, testDestination, testNotice } from "./test-notice.ts";

/** Time limits that a test waits for: the other part has time also on a busy machine. */
const SHORT_ANSWER = { connectTimeoutMs: 20_000, answerTimeoutMs: 300 };
const SHORT_CONNECTION = { connectTimeoutMs: 300, answerTimeoutMs: 20_000 };

let ending = new AsyncDisposableStack();
beforeEach(() => {
  ending = new AsyncDisposableStack();
});
afterEach(() => ending.disposeAsync());

const never = new AbortController().signal;

/** Sends a notice with a sender of its own. */
function deliver(destination: Partial<Destination>, options: NoticeSenderOptions = {}, notice = testNotice()) {
  const sender = openNoticeSender(options);
  ending.defer(sender.close);
  return sender.send(notice, testDestination(destination), never);
}

const receive = async (...options: Parameters<typeof startReceiver>) => ending.use(await startReceiver(...options));

/** Returns a resolver that gives these answers, one after another; the last one again and again. */
function resolver(...answers: string[][]): ResolveAll {
  let asked = 0;
  return (_name, _options, callback) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    );
  };
}

describe("a webhook", () => {
  test("gets a signed notice over HTTP, which the verifier accepts; a repetition has the same id", async () => {
    const receiver = await receive((response) => response.writeHead(204).end());
    const sender = openNoticeSender();
    ending.defer(sender.close);
    const destination = testDestination({ address: receiver.url, secret: `${SECRET},${OTHER_SECRET}` });
    for (let i = 0; i < 2; i++)
      expect(await sender.send(testNotice(), destination, never)).toEqual({
        kind: "delivered",
        detail: `127.0.0.1:${receiver.port} answered 204`,
      });
    expect(receiver.received).toHaveLength(2);
    for (const { headers, body, path } of receiver.received) {
      for (const secret of [SECRET, OTHER_SECRET]) expect(new Webhook(secret).verify(body, headers)).toBeDefined();
      expect(headers["webhook-id"]).toBe(testNotice().noticeId);
      expect(headers["content-type"]).toBe("application/json");
      expect(path).toBe("/hooks/T0SECRET/B0SECRET");
    }
  });

  test("of any channel gets the message of its channel", async () => {
    const receiver = await receive((response) => response.end("ok"));
    for (const channel of ["slack", "teams"] as const)
      expect(await deliver({ channel, address: receiver.url })).toMatchObject({ kind: "delivered" });
    const [slack, teams] = receiver.received.map(({ body }) => JSON.parse(body));
    expect(slack).toHaveProperty("blocks");
    expect(teams).toHaveProperty("attachments");
    expect(receiver.received[0]?.headers).not.toHaveProperty("webhook-signature");
  });

  test("gets the largest notice", async () => {
    const receiver = await receive((response) => response.end());
    expect(await deliver({ address: receiver.url }, {}, largestNotice())).toMatchObject({ kind: "delivered" });
    expect(receiver.received[0]?.body.length).toBeGreaterThan(100_000);
  });

  test("with a secret of another form gets nothing", async () => {
    const receiver = await receive((response) => response.end());
    const outcome = await deliver({ address: receiver.url, secret: "whsec_short" });
    expect(outcome).toMatchObject({ kind: "rejected" });
    expect(JSON.stringify(outcome)).not.toContain("short");
    expect(receiver.connections()).toBe(0);
  });
});

describe("an answer", () => {
  test.each([
    [200, "delivered"],
    [202, "delivered"],
    [299, "delivered"],
    [300, "rejected"],
    [400, "rejected"],
    [404, "rejected"],
    [410, "gone"],
    [408, "retry"],
    [425, "retry"],
    [429, "retry"],
    [499, "rejected"],
    [500, "retry"],
    [503, "retry"],
    [599, "retry"],
  ])("%i means %s", async (status, kind) => {
    const receiver = await receive((response) => response.writeHead(status).end());
    expect(await deliver({ address: receiver.url })).toMatchObject({ kind });
  });

  test.each([
    ["seconds", "120", 120_000],
    ["a date", "Sun, 29 Nov 2026 06:00:30 GMT", 30_000],
    ["a date in the past", "Sun, 29 Nov 2026 05:00:00 GMT", 0],
    ["another text", "soon", undefined],
    ["a fraction of seconds", "1.5s", undefined],
  ])("429 with Retry-After as %s", async (_, header, retryAfterMs) => {
    const receiver = await receive((response) => response.writeHead(429, { "retry-after": header }).end());
    const outcome = await deliver({ address: receiver.url }, { now: () => new Date("2026-11-29T06:00:00Z") });
    expect(outcome.kind).toBe("retry");
    expect(outcome.kind === "retry" && outcome.retryAfterMs).toBe(retryAfterMs);
  });

  test("with an error code of the receiver shows it, and with any other text does not", async () => {
    const receiver = await receive((response, request) =>
      response.writeHead(400).end(request.headers["webhook-id"] ? "<b>/hooks/T0SECRET</b>" : "invalid_payload"),
    );
    expect(await deliver({ channel: "slack", address: receiver.url })).toEqual({
      kind: "rejected",
      reason: `127.0.0.1:${receiver.port} answered 400 (invalid_payload)`,
    });
    expect(await deliver({ address: receiver.url })).toEqual({
      kind: "rejected",
      reason: `127.0.0.1:${receiver.port} answered 400`,
    });
  });

  test("with a redirect to this machine is rejected, and its target is not called", async () => {
    const target = await receive((response) => response.end());
    for (const status of [301, 302, 303, 307, 308]) {
      const receiver = await receive((response) => response.writeHead(status, { location: target.url }).end());
      expect(await deliver({ address: receiver.url })).toMatchObject({
        kind: "rejected",
        reason: expect.stringContaining("redirects are not followed"),
      });
    }
    expect(target.connections()).toBe(0);
  });

  test("with a body of 1 GB is read up to a bound, and the connection is closed", async () => {
    let written = 0;
    const closed = Promise.withResolvers<void>();
    const receiver = await receive((response) => {
      const chunk = Buffer.alloc(64 * 1_024, "x");
      response.on("close", closed.resolve);
      const write = (): void => {
        while (written < 1e9 && !response.destroyed) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", write);
        }
        response.end();
      };
      write();
    });
    expect(await deliver({ address: receiver.url })).toMatchObject({ kind: "delivered" });
    await closed.promise;
    expect(written).toBeLessThan(64e6);
  });

  test("that is cut off after its status counts as its status", async () => {
    const receiver = await receive((response) => {
      response.writeHead(200, { "content-length": 1_000 });
      response.write("part", () => response.destroy());
    });
    expect(await deliver({ address: receiver.url })).toMatchObject({ kind: "delivered" });
  });

  test("that streams without end counts as its status when the time is over", async () => {
    const receiver = await receive((response) => void response.writeHead(500).write("not a code!"));
    expect(
      await deliver({ address: receiver.url }, { limits: { ...SHORT_ANSWER, answerTimeoutMs: 3_000 } }),
    ).toMatchObject({
      kind: "retry",
      reason: `127.0.0.1:${receiver.port} answered 500`,
    });
  });
});

describe("a receiver", () => {
  /** Starts a TCP server that treats each connection as `onConnection` does. */
  const listenRaw = async (onConnection: (socket: net.Socket) => void) =>
    ending.use(await listenLocally(net.createServer(onConnection)));

  test("that never answers, is tried again after the time limit", async () => {
    const receiver = await receive(() => {});
    expect(await deliver({ address: receiver.url }, { limits: SHORT_ANSWER })).toEqual({
      kind: "retry",
      reason: `127.0.0.1:${receiver.port}: no answer within 0.3 s`,
    });
  });

  test("that never reads, is tried again after the time limit", async () => {
    const { port } = await listenRaw((socket) => void socket.pause());
    const address = `http://127.0.0.1:${port}/`;
    expect(await deliver({ address }, { limits: SHORT_ANSWER }, largestNotice())).toMatchObject({ kind: "retry" });
  });

  test("may answer after the time limit of the connection", async () => {
    const limits = { connectTimeoutMs: 500, answerTimeoutMs: 20_000 };
    const receiver = await receive((response) => void setTimeout(() => response.end(), 2 * limits.connectTimeoutMs));
    expect(await deliver({ address: receiver.url }, { limits })).toMatchObject({ kind: "delivered" });
  });

  test("that does not start TLS, is tried again after the time limit", async () => {
    const { port } = await listenRaw(() => {});
    expect(await deliver({ address: `https://127.0.0.1:${port}/` }, { limits: SHORT_CONNECTION })).toEqual({
      kind: "retry",
      reason: `127.0.0.1:${port}: no connection within 0.3 s`,
    });
  });

  test("that closes the connection before an answer, is tried again", async () => {
    const { port } = await listenRaw((socket) => void socket.once("data", () => socket.destroy()));
    expect(await deliver({ address: `http://127.0.0.1:${port}/` })).toEqual({
      kind: "retry",
      reason: `127.0.0.1:${port}: it closed the connection without an answer`,
    });
  });

  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9\r\n\r\n"],
    ["a header block without end", `HTTP/1.1 200 OK\r\n${`x: ${"y".repeat(1_000)}\r\n`.repeat(1_000)}`],
    ["a broken status line", "HTTP/1.1 2000 OK\r\n\r\n"],
  ])("that answers with %s, is tried again", async (_, text) => {
    const { port } = await listenRaw((socket) => void socket.once("data", () => socket.end(text)));
    expect(await deliver({ address: `http://127.0.0.1:${port}/` })).toMatchObject({
      kind: "retry",
      reason: expect.stringContaining("its answer is not HTTP"),
    });
  });

  test("that sends informational answers without end, is tried again after the time limit", async () => {
    const { port } = await listenRaw((socket) => {
      const more = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 5);
      socket.on("close", () => clearInterval(more));
    });
    expect(await deliver({ address: `http://127.0.0.1:${port}/` }, { limits: SHORT_ANSWER })).toMatchObject({
      kind: "retry",
    });
  });

  test("that does not listen, or whose name is unknown, is tried again", async () => {
    const server = net.createServer();
    const { port, [Symbol.asyncDispose]: close } = await listenLocally(server);
    await close();
    expect(await deliver({ address: `http://127.0.0.1:${port}/` })).toMatchObject({
      reason: `127.0.0.1:${port}: the connection was refused`,
    });
    expect(await deliver({ address: "https://nowhere.invalid/" })).toMatchObject({ kind: "retry" });
  });

  test.each(["ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1", "", "https://"])(
    "with the address %j is rejected",
    async (address) => {
      expect(await deliver({ address })).toMatchObject({ kind: "rejected" });
    },
  );
});

describe("private networks", () => {
  /** Addresses of this machine, as people and resolvers write them. */
  const LOCAL = ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "[::ffff:127.0.0.1]", "localhost"];

  test.each(LOCAL)("%s is not connected to, unless private networks are allowed", async (host) => {
    const receiver = await receive((response) => response.end());
    const address = `http://${host}:${receiver.port}/`;
    expect(await deliver({ address, allowPrivateNetworks: false })).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("is in a private network"),
    });
    expect(receiver.connections()).toBe(0);
    expect(await deliver({ address, allowPrivateNetworks: true })).toMatchObject({ kind: "delivered" });
  });

  test.each(["169.254.169.254", "0.0.0.0", "[::]", "224.0.0.1", "255.255.255.255", "[fe80::1]", "[::127.0.0.1]"])(
    "%s is never connected to",
    async (host) => {
      const receiver = await receive((response) => response.end());
      expect(await deliver({ address: `http://${host}:${receiver.port}/` })).toMatchObject({
        kind: "rejected",
        reason: expect.stringContaining("never allowed"),
      });
      expect(receiver.connections()).toBe(0);
    },
  );

  test("a name that leads to this machine is not connected to, also when it led elsewhere before", async () => {
    const receiver = await receive((response) => response.end());
    const address = `http://rebind.example:${receiver.port}/`;
    // The first answer would pass a check that is apart from the connection.
    const lookup = resolver(["127.0.0.1"], ["203.0.113.1"]);
    expect(await deliver({ address, allowPrivateNetworks: false }, { lookup })).toEqual({
      kind: "rejected",
      reason:
        "rebind.example (127.0.0.1) is in a private network: set allow_private_networks: true for this destination, or use a public address",
    });
    expect(receiver.connections()).toBe(0);
  });

  test("of several addresses of a name only the allowed ones are connected to", async () => {
    const receiver = await receive((response) => response.end());
    const address = `http://several.example:${receiver.port}/`;
    const lookup = resolver(["169.254.169.254", "127.0.0.1", "0.0.0.0"]);
    expect(await deliver({ address }, { lookup })).toMatchObject({ kind: "delivered" });
    expect(receiver.connections()).toBe(1);
  });

  test("the name is resolved once for each attempt", async () => {
    const receiver = await receive((response) => response.end());
    const lookup = resolver(["127.0.0.1"], ["169.254.169.254"]);
    const sender = openNoticeSender({ lookup });
    ending.defer(sender.close);
    const destination = testDestination({ address: `http://rebind.example:${receiver.port}/` });
    expect(await sender.send(testNotice(), destination, never)).toMatchObject({ kind: "delivered" });
    expect(await sender.send(testNotice(), destination, never)).toMatchObject({ kind: "rejected" });
  });

  test("a name without addresses is tried again", async () => {
    expect(await deliver({ address: "https://empty.example/" }, { lookup: resolver([]) })).toMatchObject({
      kind: "retry",
    });
  });
});

describe.skipIf(!hasOpenssl())("TLS (skipped without openssl)", () => {
  const certificates = makeCertificates();

  test("a notice is sent to a receiver whose certificate is valid for its name", async () => {
    const receiver = await receive((response) => response.end(), { tls: certificates.server });
    const outcome = await deliver({ address: receiver.url }, { ca: [certificates.ca] });
    expect(outcome).toEqual({ kind: "delivered", detail: `localhost:${receiver.port} answered 200` });
    const byAddress = receiver.url.replace("localhost", "127.0.0.1");
    expect(await deliver({ address: byAddress }, { ca: [certificates.ca] })).toMatchObject({ kind: "delivered" });
  });

  test("an unknown authority or another name is an error, and nothing is sent", async () => {
    const receiver = await receive((response) => response.end(), { tls: certificates.server });
    expect(await deliver({ address: receiver.url })).toMatchObject({
      kind: "retry",
      reason: expect.stringContaining("its certificate is not valid"),
    });
    const address = receiver.url.replace("localhost", "other.example");
    const lookup = resolver(["127.0.0.1"]);
    expect(await deliver({ address }, { ca: [certificates.ca], lookup })).toMatchObject({
      kind: "retry",
      reason: `other.example:${receiver.port}: its certificate is not valid (ERR_TLS_CERT_ALTNAME_INVALID)`,
    });
    expect(receiver.received).toEqual([]);
  });
});

describe("texts and ends", () => {
  test("no outcome has the path of the URL, or a secret", async () => {
    const answers = [200, 302, 400, 410, 500].map((status) => receive((response) => response.writeHead(status).end()));
    const urls = (await Promise.all(answers)).map(({ url }) => url);
    const others = [
      "https://user:T0SECRET@127.0.0.1:1/T0SECRET",
      "https://nowhere.invalid/T0SECRET",
      "ftp://x/T0SECRET",
    ];
    for (const address of [...urls, ...others])
      for (const channel of ["webhook", "slack", "teams"] as const) {
        const outcome = JSON.stringify(await deliver({ channel, address }));
        expect(outcome).not.toMatch(/T0SECRET|whsec_/);
        expect(outcome.length).toBeLessThan(400);
      }
  });

  test("an attempt that is stopped, is tried again, and its connection is closed", async () => {
    const closed = Promise.withResolvers<void>();
    const stopping = new AbortController();
    const receiver = await receive((response) => {
      response.on("close", closed.resolve);
      stopping.abort();
    });
    const sender = openNoticeSender();
    ending.defer(sender.close);
    expect(await sender.send(testNotice(), testDestination({ address: receiver.url }), stopping.signal)).toEqual({
      kind: "retry",
      reason: `the attempt was stopped before 127.0.0.1:${receiver.port} answered`,
    });
    await closed.promise;
  });

  test("close ends the attempts in progress and later ones", async () => {
    const arrived = Promise.withResolvers<void>();
    const receiver = await receive(() => arrived.resolve());
    const sender = openNoticeSender();
    const destination = testDestination({ address: receiver.url });
    const sending = sender.send(testNotice(), destination, never);
    await arrived.promise;
    await sender.close();
    expect(await sending).toMatchObject({ kind: "retry" });
    expect(await sender.send(testNotice(), destination, never)).toMatchObject({ kind: "retry" });
    expect(receiver.received).toHaveLength(1);
  });

  test("attempts leave no connection and no listener behind", async () => {
    const open = new Set<net.Socket>();
    const { port } = ending.use(
      await listenLocally(
        net.createServer((socket) => {
          open.add(socket);
          socket.on("close", () => open.delete(socket));
          socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
        }),
      ),
    );
    const sender = openNoticeSender();
    ending.defer(sender.close);
    for (let i = 0; i < 20; i++)
      await sender.send(testNotice(), testDestination({ address: `http://127.0.0.1:${port}/` }), never);
    await Promise.all([...open].map((socket) => once(socket, "close")));
    expect(open.size).toBe(0);
  });
});
