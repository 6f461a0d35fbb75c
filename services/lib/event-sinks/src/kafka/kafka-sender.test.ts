import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { expect, onTestFinished, test, vi } from "vitest";
import { createKafkaSender } from "./kafka-sender.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Starts a server on a free port and returns "host:port". */
async function listen(server: net.Server): Promise<string> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}
const RECORDS = [{ topic: "calls", key: "S", value: "{}" }];
const NEVER = new AbortController().signal;

/** Returns the message of the error with which sending to a broker fails. */
async function failure(broker: string, settings: { readonly tls: { readonly ca?: string } | null }): Promise<string> {
  await using sender = createKafkaSender({ clientId: "test", brokers: [broker], sasl: null, ...settings });
  return await sender.send(RECORDS, NEVER).then(
    () => "sent",
    (error: Error) => error.message,
  );
}

test("TLS to a listener without TLS names the listener and the setting", async () => {
  const broker = await listen(
    net.createServer((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad\r\n\r\n"))),
  );
  expect(await failure(broker, { tls: {} })).toBe(
    `the listener of Kafka at ${broker} does not use TLS: name the port with TLS, or set KAFKA_TLS=false`,
  );
});

test("an unknown certificate, and clear text to a listener with TLS, name the way out", async () => {
  const { server } = makeCertificates();
  const broker = await listen(tls.createServer(server).on("tlsClientError", () => {}));
  expect(await failure(broker, { tls: {} })).toMatch(/is not accepted \([A-Z_]+\): check KAFKA_TLS_CA/);
  expect(await failure(broker, { tls: null })).toMatch(/topic calls .*if the port uses TLS, set KAFKA_TLS=true/);
});

test("a call to a broker that never answers ends when it is aborted", async () => {
  const broker = await listen(net.createServer(() => {}));
  await using sender = createKafkaSender({ clientId: "test", brokers: [broker], tls: null, sasl: null });
  const aborted = new AbortController();
  const sending = sender.send(RECORDS, aborted.signal);
  const reason = new Error("stopped");
  aborted.abort(reason);
  await expect(sending).rejects.toBe(reason);
  await expect(sender.send(RECORDS, AbortSignal.timeout(200))).rejects.toThrow(/Kafka at 127.* \(no answer\)/);
});
