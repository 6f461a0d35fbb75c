import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { echoClient, LISTENER_CLIENTS, startEcho } from "@bellwether/testing/echo/start-echo";
import { HELLO, pings, resets, resetWithEchoes } from "@bellwether/testing/http2/flood-frames";
import { expect, it } from "vitest";

const ALLOWED = 20;

/** Whether a connection is still open after a client sent these frames, and which handlers ran. */
async function after(frames: Buffer): Promise<{ open: boolean; handlers: number; honest: string | undefined }> {
  let handlers = 0;
  await using echo = await startEcho({
    limits: { resetBurst: ALLOWED, resetsPerSecond: 0 },
    observer: { started: (method) => void (method === "Increment" && handlers++), ended: () => {} },
  });
  const socket = net.connect(echo.server.addresses.grpc.port, "127.0.0.1");
  let open = true;
  const closed = once(socket, "close").then(() => {
    open = false;
  });
  socket.write(Buffer.concat([HELLO, frames, pings(1)]));
  // The answer to the PING is the last frame that the server sends on a healthy connection.
  const answered = new Promise<void>((resolve) => {
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.includes(PING_ANSWER)) resolve();
    });
  });
  await Promise.race([closed, answered]);
  const { request } = await echoClient(LISTENER_CLIENTS.gRPC?.(echo) ?? expect.fail()).echo({ id: "honest" });
  const result = { open, handlers, honest: request?.id };
  socket.destroy();
  return result;
}

/** The head of a PING frame with ACK: 8 bytes, type 6, flag 1, stream 0. */
const PING_ANSWER = Buffer.from([0, 0, 8, 6, 1, 0, 0, 0, 0]);

it("lets a client cancel calls up to the limit, and runs no handler for them", async () => {
  expect(await after(resets(1, ALLOWED))).toEqual({ open: true, handlers: 0, honest: "honest" });
});

it("closes the connection at one cancellation more, and other connections continue", async () => {
  expect(await after(resets(1, ALLOWED + 1))).toEqual({ open: false, handlers: 0, honest: "honest" });
});

it("counts a call once, however often its client resets it", async () => {
  expect(await after(resetWithEchoes(1, 10_000))).toEqual({ open: true, handlers: 0, honest: "honest" });
});

it("keeps the connection when its first call is reset with an error code as soon as it is sent", async () => {
  await using echo = await startEcho();
  const session = http2.connect(echo.grpcUrl);
  const head = { ":method": "POST", ":path": "/bellwether.echo.v1.EchoService/Echo", te: "trailers" };
  const stream = session.request({ ...head, "content-type": "application/grpc" }).on("error", () => {});
  stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  await new Promise((resolve) => stream.once("close", resolve));
  await new Promise((resolve) => session.ping(resolve));
  const { request } = await echoClient(LISTENER_CLIENTS.gRPC?.(echo) ?? expect.fail()).echo({ id: "honest" });
  expect(request?.id).toBe("honest");
  session.destroy();
});
