import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { collect, echoClient, startEcho, until } from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, it } from "vitest";
import type { Policy } from "../call/policy.ts";
import { route } from "../call/route.ts";
import { rpcError } from "../errors/rpc-error.ts";

const clientOf = (echo: { readonly webUrl: string }, useHttpGet = false) =>
  echoClient(createConnectTransport({ baseUrl: echo.webUrl, httpVersion: "1.1", useHttpGet }));

/** Records how each call ended: the code of its error, or "OK". */
function endings() {
  const ends: (Code | "OK")[] = [];
  const policy: Policy = { close: (_, error) => void ends.push(error?.code ?? "OK") };
  return { ends, policies: [policy] };
}

it("a call ends at its deadline even when its handler never reads the signal", async () => {
  const { ends, policies } = endings();
  const routes = [route(EchoService, { echo: () => new Promise<never>(() => {}) })];
  await using echo = await startEcho({ routes, policies });
  const error = await clientOf(echo)
    .echo({ id: "x" }, { headers: { "connect-timeout-ms": "100" } })
    .catch(ConnectError.from);
  expect(error).toMatchObject({ code: Code.DeadlineExceeded });
  await until(() => ends.length > 0, "the end of the call");
  expect(ends).toEqual([Code.DeadlineExceeded]);
});

it("a stream whose client disconnects ends its generator and is closed once, as canceled", async () => {
  const { ends, policies } = endings();
  let returned = 0;
  let pulled = 0;
  async function* endless(_: unknown, { signal }: HandlerContext) {
    try {
      while (!signal.aborted) {
        pulled++;
        yield { number: pulled, padding: new Uint8Array(64 * 1024) };
      }
    } finally {
      returned++;
    }
  }
  await using echo = await startEcho({ routes: [route(EchoService, { count: endless })], policies });
  const gone = new AbortController();
  for await (const { number } of clientOf(echo).count({ to: 1 }, { signal: gone.signal })) {
    expect(number).toBe(1);
    break;
  }
  gone.abort();
  await until(() => returned === 1 && ends.length === 1, "the end of the stream");
  expect(ends).toEqual([Code.Canceled]);
});

it("an error of a unary Connect call has HTTP's headers for errors, an error of a stream does not", async () => {
  const open = (): never => {
    throw rpcError(Code.ResourceExhausted, "FULL", "full", { retryAfterMs: 1_500 });
  };
  await using echo = await startEcho({ policies: [{ open }] });
  const post = (rpc: string, type: string, body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`${echo.webUrl}/${EchoService.typeName}/${rpc}`, { method: "POST", headers: { "content-type": type }, body });
  const unary = await post("Echo", "application/json", "{}");
  expect([unary.status, unary.headers.get("retry-after")]).toEqual([429, "2"]);
  const stream = await post("Count", "application/connect+json", new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]));
  expect([stream.status, stream.headers.get("retry-after")]).toEqual([200, null]);
  expect(await stream.text()).toContain('"resource_exhausted"');
});

it("policies and handlers see method, URL and headers of a GET", async () => {
  const seen: unknown[] = [];
  const policies: Policy[] = [
    { open: ({ requestMethod, url }) => void seen.push(requestMethod, new URL(url, "http://x").pathname) },
  ];
  await using echo = await startEcho({ policies });
  const { request } = await clientOf(echo, true).echo({ id: "by GET" });
  expect(request?.id).toBe("by GET");
  expect(seen).toEqual(["GET", `/${EchoService.typeName}/Echo`]);
});

it("a successful stream sends all its messages and is closed without an error", async () => {
  const { ends, policies } = endings();
  await using echo = await startEcho({ policies });
  expect(await collect(clientOf(echo).count({ to: 3 }))).toHaveLength(3);
  await until(() => ends.length === 1, "the end of the stream");
  expect(ends).toEqual(["OK"]);
});
