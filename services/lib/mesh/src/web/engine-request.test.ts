import http from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { afterEach, beforeEach, expect, it } from "vitest";
import { engineRequest } from "./engine-request.ts";

let server: http.Server;
let port: number;
/** The result for each request, in order. */
let requests: UniversalServerRequest[];
let onRequest: (response: http.ServerResponse) => void;

beforeEach(async () => {
  requests = [];
  server = http.createServer((request, response) => {
    requests.push(engineRequest(request, response, request, createContextValues()));
    onRequest(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });

it("an HTTP/1.1 request keeps the URL, method and headers that the client sent", async () => {
  onRequest = (response) => response.end("{}");
  await fetch(`http://127.0.0.1:${port}//a/b?c=%20d`, { method: "POST", body: "{}", headers: { "x-name": "value" } });
  const [request] = requests;
  expect(request).toMatchObject({ url: `http://127.0.0.1:${port}//a/b?c=%20d`, method: "POST", httpVersion: "1.1" });
  expect(request?.header.get("x-name")).toBe("value");
  expect(request?.header.get("content-length")).toBe("2");
});

it("the signals of answered requests share one AbortError", async () => {
  onRequest = (response) => response.end("{}");
  await fetch(`http://127.0.0.1:${port}/first`);
  await fetch(`http://127.0.0.1:${port}/second`);
  const reasons = await Promise.all(requests.map(({ signal }) => aborted(signal as AbortSignal)));
  expect(reasons).toHaveLength(2);
  expect(reasons[0]).toMatchObject({ name: "AbortError" });
  expect(reasons[1]).toBe(reasons[0]);
});

it("the signal fires when the client disconnects before the answer", async () => {
  const socket = connect(port, "127.0.0.1");
  onRequest = () => socket.destroy();
  socket.write("POST /a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{");
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await expect.poll(() => requests[0]?.signal?.aborted, { timeout: 20_000 }).toBe(true);
});
