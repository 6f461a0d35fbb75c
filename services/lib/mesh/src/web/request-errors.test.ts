import { once } from "node:events";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { type EchoServer, startEcho } from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rpcError } from "../errors/rpc-error.ts";
import { countedGzip, inflatingFor, withInflation } from "./counted-gzip.ts";

const ECHO = "bellwether.echo.v1.EchoService/Echo";
let echo: EchoServer;
beforeAll(async () => {
  echo = await startEcho();
});
afterAll(() => echo.server.stop());

async function get(query: string) {
  const response = await fetch(`${echo.webUrl}/bellwether.echo.v1.EchoService/Echo?${query}`);
  const body = await response.json();
  return { status: response.status, message: body.message, reason: body.details?.[0]?.debug?.reason };
}

it.each(["!!!", "a", "abcde", "%00", "%C3%A9", "e30%20", "e3%3D0", "e30==="])(
  "a GET whose message is not base64 is an invalid argument: %s",
  async (message) => {
    const answer = await get(`connect=v1&encoding=json&base64=1&message=${message}`);
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining("not base64") });
    expect(answer.reason).toBe("MALFORMED_MESSAGE");
  },
);

it.each([
  ["connect=v2&encoding=json&message=%7B%7D", "connect"],
  ["connect=v1&encoding=json&base64=2&message=e30", "base64"],
])("a GET with an unknown version or form is an invalid argument: %s", async (query, name) => {
  expect(await get(query)).toMatchObject({ status: 400, message: expect.stringContaining(`${name}: is`) });
});

it.each(["e30", "e30%3D", "eyJpZCI6IngifQ", "eyJpZCI6IngifQ%3D%3D"])(
  "a GET with base64 is decoded: %s",
  async (message) => {
    const answer = await get(`connect=v1&encoding=json&base64=1&message=${message}`);
    expect(answer.message ?? "").not.toContain("base64");
  },
);

it("a request that ends while it is decompressed has its own error, not that of gzip", async () => {
  const failure = rpcError(Code.ResourceExhausted, "REQUEST_MEMORY", "too many bytes", { retryAfterMs: 1_000 });
  const values = createContextValues();
  const controller = new AbortController();
  const call: { failure: ConnectError | undefined } = { failure: undefined };
  const decompressed = withInflation(values, false, () => {
    inflatingFor(values, {
      signal: controller.signal,
      get failure() {
        return call.failure;
      },
      inflating() {
        call.failure = failure;
        return false;
      },
    });
    return countedGzip.decompress(gzipSync("x".repeat(1_000_000)), 4_000_000);
  });
  await expect(decompressed).rejects.toBe(failure);
});

it("bytes that are not gzip are an invalid argument with a reason", async () => {
  const error = await countedGzip.decompress(Buffer.from("no gzip"), 1_000).then(
    () => undefined,
    (reason) => ConnectError.from(reason),
  );
  expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "the message is not valid gzip" });
});

it("a message over the limit names the limit in bytes", async () => {
  const response = await fetch(`${echo.webUrl}/${ECHO}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "x", text: "x".repeat(7_000_000) }),
  });
  expect(response.status).toBe(429);
  expect((await response.json()).message).toBe(
    "the message is larger than the 6291456 bytes of JSON that this RPC accepts (4194304 bytes in binary)",
  );
});

it("an announced length over the limit is rejected before a byte of the body arrives", async () => {
  const socket = net.connect(echo.server.addresses.web.port, "127.0.0.1");
  socket.write(
    `POST /${ECHO} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n\r\n`,
  );
  const [answer] = await once(socket, "data");
  socket.destroy();
  expect(String(answer)).toMatch(/^HTTP\/1\.1 429 /);
});
