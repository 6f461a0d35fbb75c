import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { until } from "@bellwether/testing/echo/start-echo";
import { createRegistry } from "@bufbuild/protobuf";
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { webRpcs } from "./web-rpcs.ts";

const ECHO = `/${EchoService.typeName}/Echo`;
const COUNT = `/${EchoService.typeName}/Count`;
const unsent: string[] = [];
const timeouts: (number | undefined)[] = [];
let held: (() => void) | undefined;

const rpcs = webRpcs({
  routes: (router) =>
    router.service(EchoService, {
      echo(request, context: HandlerContext) {
        timeouts.push(context.timeoutMs());
        return { request };
      },
      async *count() {
        yield { number: 1, padding: new Uint8Array(1024 * 1024) };
        await new Promise<void>((resolve) => {
          held = resolve;
        });
        yield { number: 2, padding: new Uint8Array(1024 * 1024) };
      },
    }),
  maxRequestBytes: new Map([[ECHO, 1_000_000]]),
  registry: createRegistry(),
  contextValues: () => createContextValues(),
  strict: true,
  grpc: false,
  onUnsent: (path) => unsent.push(path),
});
const server = http.createServer((request, response) => {
  if (!rpcs(request, response)) response.writeHead(418).end("left to others");
});
let base = "";
beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  timeouts.length = 0;
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(base + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
const getPath = `${ECHO}?encoding=json&message=${encodeURIComponent('{"id":"by GET"}')}`;

it("leaves paths that are not RPCs to other handlers", async () => {
  for (const path of ["/", "/predict", `${ECHO}/more`]) expect((await post(path, "{}")).status).toBe(418);
});

it("answers a JSON POST and a GET", async () => {
  expect(await (await post(ECHO, '{"id":"x"}')).json()).toEqual({ request: { id: "x" } });
  expect(await (await fetch(base + getPath)).json()).toEqual({ request: { id: "by GET" } });
});

it("answers HEAD like GET, without the body", async () => {
  const response = await fetch(base + getPath, { method: "HEAD" });
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
    200,
    "application/json",
    "",
  ]);
});

it("lists the methods and the content types that an RPC accepts", async () => {
  const put = await fetch(base + ECHO, { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" });
  expect([put.status, put.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
  expect(await put.text()).toContain("PUT");
  const xml = await post(ECHO, "<id/>", { "content-type": "text/xml" });
  expect(xml.status).toBe(415);
  expect(await xml.text()).toContain("application/json in UTF-8");
});

it.each([
  ["2147483648", 2 ** 31 - 1],
  ["9999999999", 2 ** 31 - 1],
  ["5000", 5_000],
])("cuts a timeout of %s ms to Node's longest timer", async (asked, mostMs) => {
  expect((await post(ECHO, "{}", { "connect-timeout-ms": asked })).status).toBe(200);
  const [timeoutMs = Number.NaN] = timeouts;
  expect(timeoutMs).toBeLessThanOrEqual(mostMs);
  expect(timeoutMs).toBeGreaterThan(0);
});

it("accepts a body up to the limit of its RPC, at any value of its length header", async () => {
  const id = "x".repeat(100_000);
  expect(await (await post(ECHO, JSON.stringify({ id }))).json()).toEqual({ request: { id } });
});

it("reports an answer that could not be sent", async () => {
  const gone = new AbortController();
  const response = await fetch(base + COUNT, {
    method: "POST",
    headers: { "content-type": "application/connect+json" },
    body: new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]),
    signal: gone.signal,
  });
  expect(response.status).toBe(200);
  await until(() => held !== undefined, "the first message");
  gone.abort();
  await response.body?.cancel().catch(() => {});
  held?.();
  await until(() => unsent.includes(COUNT), "the report");
});
