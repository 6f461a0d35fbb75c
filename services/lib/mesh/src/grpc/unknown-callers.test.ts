import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { startEcho } from "@bellwether/testing/echo/start-echo";
import { END_HEADERS, frame, HEADERS, hello, requestFields } from "@bellwether/testing/http2/http2-frames";
import { expect, it, onTestFinished } from "vitest";
import type { CredentialSource } from "../auth/credential-source.ts";

const CONNECTIONS = 40;
const STREAMS = 250;

it("calls without credentials on many connections do not delay a probe on a new connection to their end", async () => {
  let rejected = 0;
  const source: CredentialSource = {
    identify() {
      rejected++;
      return undefined;
    },
  };
  await using echo = await startEcho({ auth: { credentials: [source], identities: {} } });
  const { port } = echo.server.addresses.grpc;
  const fields = requestFields("/bellwether.echo.v1.EchoService/Echo");
  const calls = Array.from({ length: STREAMS }, (_, i) => frame(HEADERS, END_HEADERS, 1 + 2 * i, fields));
  const sockets = Array.from({ length: CONNECTIONS }, () => net.connect(port, "127.0.0.1").resume());
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  for (const socket of sockets) socket.write(Buffer.concat([hello(), ...calls]));
  const client = http2.connect(echo.grpcUrl);
  onTestFinished(() => client.destroy());
  const probe = client.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
  });
  probe.resume().end(Buffer.alloc(5));
  const [trailers] = await once(probe, "trailers");
  expect(trailers["grpc-status"]).toBe("0");
  const atAnswer = rejected;
  await expect.poll(() => rejected, { timeout: 30_000 }).toBe(CONNECTIONS * STREAMS);
  expect(atAnswer).toBeLessThan(CONNECTIONS * STREAMS);
});
