import net from "node:net";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import type { SMTPServerOptions } from "smtp-server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type NoticeSenderOptions, openNoticeSender } from "../src/clients/notices/open-notice-sender.ts";
import type { MailServer } from "../src/clients/notices/send-mail.ts";
import type { Notice } from "../src/domain/notices/notice.ts";
import { startMailServer as openMailServer, PASSWORD } from "./mail-receiver.ts";
import { listenLocally } from "./notice-receiver.ts";
import { HOSTILE_NAMES, largestNotice, testDestination, testItem, testNotice } from "./test-notice.ts";

/** A time limit that a test waits for. */
const SHORT = { connectTimeoutMs: 20_000, answerTimeoutMs: 400 };

let ending = new AsyncDisposableStack();
beforeEach(() => {
  ending = new AsyncDisposableStack();
});
afterEach(() => ending.disposeAsync());

const never = new AbortController().signal;

const startMailServer = async (options: SMTPServerOptions = {}) => ending.use(await openMailServer(options));

const serverAt = (port: number, change: Partial<MailServer> = {}): MailServer => ({
  ...{ host: "127.0.0.1", port, tls: "starttls", from: "bellwether@risk.example.org" },
  ...{ clearText: "this_machine", allowPrivateNetworks: true },
  ...change,
});

/** Sends a notice by mail with a sender of its own. */
function deliver(mailServer: MailServer, options: NoticeSenderOptions = {}, notice: Notice = testNotice()) {
  const sender = openNoticeSender({ mailServer, ...options });
  ending.defer(sender.close);
  const destination = testDestination({ channel: "mail", address: "ada@example.org", secret: null });
  return sender.send(notice, destination, never);
}

/** Returns an error that the server answers with. */
const answer = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

describe("a mail", () => {
  test("has a text and an HTML part, the id of the notice, and headers against automatic answers", async () => {
    const { port, mails } = await startMailServer();
    expect(await deliver(serverAt(port))).toEqual({ kind: "delivered", detail: "127.0.0.1 took the mail" });
    const [mail] = mails;
    expect(mail).toMatchObject({ from: "bellwether@risk.example.org", to: ["ada@example.org"], user: undefined });
    expect(mail?.headers).toMatchObject({
      from: ["Bellwether <bellwether@risk.example.org>"],
      to: ["ada@example.org"],
      subject: ["Critical: Corvina Logistics, risk score 0.82 (+0.14)"],
      "message-id": ["<0199c0de-0000-7000-8000-000000000001@risk.example.org>"],
      date: ["Sun, 29 Nov 2026 06:00:00 +0000"],
      "auto-submitted": ["auto-generated"],
    });
    expect(mail?.source).toContain("Content-Type: text/plain");
    expect(mail?.source).toContain("Content-Type: text/html");
  });

  test("that is repeated has the same Message-ID", async () => {
    const { port, mails } = await startMailServer();
    await deliver(serverAt(port));
    await deliver(serverAt(port));
    const ids = mails.flatMap(({ headers }) => headers["message-id"]);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test.each(Object.entries(HOSTILE_NAMES))(
    "with a hostile name (%s) has no further header and no further receiver",
    async (_, supplierName) => {
      const { port, mails } = await startMailServer();
      const items = [testItem({ supplierName, owner: supplierName, reasons: [supplierName] })];
      expect(await deliver(serverAt(port), {}, testNotice({ items, recipient: supplierName }))).toMatchObject({
        kind: "delivered",
      });
      const [mail] = mails;
      expect(mail?.to).toEqual(["ada@example.org"]);
      expect(Object.keys(mail?.headers ?? {}).toSorted()).toEqual([
        ...["auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "subject", "to"],
        "x-auto-response-suppress",
      ]);
      expect(Object.values(mail?.headers ?? {}).every((values) => values.length === 1)).toBe(true);
    },
  );

  test("of the largest notice is taken", async () => {
    const { port, mails } = await startMailServer();
    expect(await deliver(serverAt(port), {}, largestNotice())).toMatchObject({ kind: "delivered" });
    expect(mails[0]?.source.length).toBeLessThan(2 ** 20);
    const lines = mails[0]?.source.split("\r\n") ?? [];
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(998);
  });

  test.each([
    "ada@example.org, eve@evil.example",
    "ada@example.org\r\nRCPT TO:<eve@evil.example>",
    '"ada@evil.example "@example.org',
    "Ada <ada@example.org>",
    "ada@example.org>",
    "ada",
    "",
  ])("to the address %j is rejected", async (address) => {
    const { port, connections } = await startMailServer();
    const sender = openNoticeSender({ mailServer: serverAt(port) });
    ending.defer(sender.close);
    const destination = testDestination({ channel: "mail", address });
    expect(await sender.send(testNotice(), destination, never)).toMatchObject({ kind: "rejected" });
    expect(connections()).toBe(0);
  });

  test("without a mail server is tried again", async () => {
    const sender = openNoticeSender();
    ending.defer(sender.close);
    const destination = testDestination({ channel: "mail", address: "ada@example.org" });
    expect(await sender.send(testNotice(), destination, never)).toEqual({
      kind: "retry",
      reason: "this service has no mail server",
    });
  });
});

describe("an answer of the mail server", () => {
  test.each([
    [421, "4.3.2 shutting down", "retry"],
    [450, "4.2.1 mailbox busy", "retry"],
    [452, "4.2.2 mailbox full", "retry"],
    [499, "4.0.0 later", "retry"],
    [550, "5.7.1 rejected as spam", "rejected"],
    [550, "no such user", "rejected"],
    [554, "5.0.0 no", "rejected"],
    [550, "5.1.1 no such user", "gone"],
    [550, "5.2.1 mailbox disabled", "gone"],
    [530, "5.7.0 authentication required", "retry"],
  ])("%i %s to RCPT TO means %s", async (code, text, kind) => {
    const { port } = await startMailServer({
      onRcptTo: (_address, _session, callback) => callback(answer(code, text)),
    });
    const outcome = await deliver(serverAt(port));
    expect(outcome).toMatchObject({ kind, reason: expect.stringContaining(`127.0.0.1 answered ${code}`) });
    expect(JSON.stringify(outcome)).not.toMatch(/user|spam|busy/);
  });

  test.each([
    ["MAIL FROM", 451, "retry"],
    ["MAIL FROM", 550, "rejected"],
    ["DATA", 451, "retry"],
    ["DATA", 552, "rejected"],
  ])("to %s: %i means %s", async (command, code, kind) => {
    const { port } = await startMailServer(
      command === "DATA"
        ? { onData: (stream, _session, callback) => void stream.resume().on("end", () => callback(answer(code, "no"))) }
        : { onMailFrom: (_address, _session, callback) => callback(answer(code, "no")) },
    );
    expect(await deliver(serverAt(port))).toMatchObject({ kind });
  });

  test("to the connection concerns this service, so the mail is tried again", async () => {
    const { port } = await startMailServer({ onConnect: (_session, callback) => callback(answer(554, "blocked")) });
    expect(await deliver(serverAt(port))).toMatchObject({ kind: "retry" });
  });

  test("to the password concerns this service, and shows neither user nor password", async () => {
    const { port, mails } = await startMailServer({ authOptional: false, allowInsecureAuth: true });
    const login = { user: "relay-user", password: PASSWORD };
    expect(await deliver(serverAt(port, { login: { ...login, password: "wrong-password" } }))).toEqual({
      kind: "retry",
      reason: "127.0.0.1 answered 535: it did not accept the user and password of this service",
    });
    expect(await deliver(serverAt(port))).toMatchObject({ kind: "retry" });
    expect(mails).toEqual([]);
    expect(await deliver(serverAt(port, { login }))).toMatchObject({ kind: "delivered" });
    expect(mails[0]?.user).toBe("relay-user");
  });
});

describe("a mail server", () => {
  const listenRaw = async (onConnection: (socket: net.Socket) => void) =>
    ending.use(await listenLocally(net.createServer(onConnection)));

  test.each([
    ["that never greets", () => {}],
    ["that stops after its greeting", (socket: net.Socket) => void socket.write("220 hello\r\n")],
    [
      "that greets without end",
      (socket: net.Socket) => {
        const more = setInterval(() => socket.write("220-hello\r\n"), 5);
        socket.on("close", () => clearInterval(more));
      },
    ],
  ])("%s is tried again after the time limit", async (_, onConnection) => {
    const { port } = await listenRaw(onConnection);
    expect(await deliver(serverAt(port), { limits: SHORT })).toEqual({
      kind: "retry",
      reason: "127.0.0.1: no answer within 0.4 s",
    });
  });

  test.each([
    ["that closes the connection", (socket: net.Socket) => void socket.destroy()],
    ["that is not a mail server", (socket: net.Socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    [
      "that closes the connection in the middle of a mail",
      (socket: net.Socket) => {
        socket.write("220 hello\r\n");
        socket.on("data", (data) => (String(data).startsWith("DATA") ? socket.destroy() : socket.write("250 ok\r\n")));
      },
    ],
  ])("%s is tried again", async (_, onConnection) => {
    const { port } = await listenRaw(onConnection);
    expect(await deliver(serverAt(port))).toMatchObject({ kind: "retry" });
  });

  test("that sends 1 GB is read up to a bound", async () => {
    let written = 0;
    const closed = Promise.withResolvers<void>();
    const { port } = await listenRaw((socket) => {
      const chunk = Buffer.from(`220-${"x".repeat(500)}\r\n`.repeat(128));
      socket.on("close", () => closed.resolve());
      const write = (): void => {
        while (written < 1e9 && !socket.destroyed) {
          written += chunk.length;
          if (!socket.write(chunk)) return void socket.once("drain", write);
        }
      };
      write();
    });
    expect(await deliver(serverAt(port))).toEqual({
      kind: "retry",
      reason: "127.0.0.1: its answer is not SMTP, or is too long",
    });
    await closed.promise;
    expect(written).toBeLessThan(64e6);
  });

  test("in a private network is connected to only where that is allowed", async () => {
    const { port, connections } = await startMailServer();
    expect(await deliver(serverAt(port, { allowPrivateNetworks: false }))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("is in a private network: set BELLWETHER_SMTP_ALLOW_PRIVATE=true, or"),
    });
    expect(await deliver(serverAt(port, { host: "169.254.169.254" }))).toMatchObject({ kind: "rejected" });
    expect(await deliver(serverAt(port, { host: "0x7f.1", allowPrivateNetworks: false }))).toMatchObject({
      kind: "rejected",
    });
    expect(connections()).toBe(0);
  });

  test("is left when the attempt is stopped", async () => {
    const closed = Promise.withResolvers<void>();
    const { port } = await listenRaw((socket) => {
      socket.on("close", () => closed.resolve());
      void sender.close();
    });
    const sender = openNoticeSender({ mailServer: serverAt(port) });
    const destination = testDestination({ channel: "mail", address: "ada@example.org" });
    expect(await sender.send(testNotice(), destination, never)).toEqual({
      kind: "retry",
      reason: "the attempt was stopped before 127.0.0.1 answered",
    });
    await closed.promise;
  });
});

describe.skipIf(!hasOpenssl())("TLS (skipped without openssl)", () => {
  const { ca, server } = makeCertificates();
  const login = { user: "relay-user", password: PASSWORD };
  const tls = { ...server, disabledCommands: [], authOptional: false };

  test("with STARTTLS the password is sent after TLS has begun, to a server with a valid certificate", async () => {
    const { port, mails } = await startMailServer(tls);
    const mailServer = serverAt(port, { host: "localhost", login, clearText: "never" });
    expect(await deliver(mailServer)).toMatchObject({
      kind: "retry",
      reason: expect.stringContaining("its certificate is not valid"),
    });
    expect(mails).toEqual([]);
    expect(await deliver(mailServer, { ca: [ca] })).toMatchObject({ kind: "delivered" });
    expect(mails[0]).toMatchObject({ secure: true, user: "relay-user" });
  });

  test("a server without STARTTLS gets neither password nor mail, unless clear text is allowed", async () => {
    const { port, mails, logins } = await startMailServer({ allowInsecureAuth: true });
    const mailServer = serverAt(port, { login, clearText: "never" });
    expect(await deliver(mailServer)).toMatchObject({ kind: "retry", reason: expect.stringContaining("STARTTLS") });
    expect([mails, logins]).toEqual([[], []]);
    for (const clearText of ["this_machine", "allowed"] as const)
      expect(await deliver({ ...mailServer, clearText })).toMatchObject({ kind: "delivered" });
    expect(mails.map(({ secure, user }) => [secure, user])).toEqual([
      [false, "relay-user"],
      [false, "relay-user"],
    ]);
  });

  test("where clear text is allowed, TLS is used when the server offers it, with any certificate", async () => {
    const { port, mails } = await startMailServer({ ...server, disabledCommands: [] });
    expect(await deliver(serverAt(port, { clearText: "allowed" }))).toMatchObject({ kind: "delivered" });
    expect(mails[0]?.secure).toBe(true);
  });

  test("from the first byte: the certificate must be valid", async () => {
    const { port, mails } = await startMailServer({ ...tls, secure: true });
    const mailServer = serverAt(port, { host: "localhost", tls: "implicit", login });
    expect(await deliver(mailServer)).toMatchObject({
      kind: "retry",
      reason: expect.stringContaining("its certificate is not valid"),
    });
    expect(mails).toEqual([]);
    expect(await deliver(mailServer, { ca: [ca] })).toMatchObject({ kind: "delivered" });
    expect(mails[0]?.secure).toBe(true);
  });
});
