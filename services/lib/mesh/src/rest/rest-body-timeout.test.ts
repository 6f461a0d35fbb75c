import { once } from "node:events";
import http2 from "node:http2";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { startEcho } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { expect, test } from "vitest";
import { restRoute } from "./rest-route.ts";

const REST = [
  restRoute({
    verb: "POST",
    path: "/echo",
    rpc: EchoService.method.echo,
    query: {},
    toRequest: () => ({ id: "x" }),
    toJson: ({ request }) => ({ id: request?.id ?? "" }),
  }),
];

test.skipIf(!hasOpenssl())(
  "a REST call over HTTP/2 whose body does not arrive is answered 408, and its connection serves on (skipped without openssl)",
  async () => {
    const { ca, server } = makeCertificates();
    await using echo = await startEcho({ tls: server, rest: REST, limits: { bodyTimeoutMs: 300 } });
    const session = http2.connect(echo.webUrl, { ca });
    const begin = () => session.request({ ":method": "POST", ":path": "/echo", "content-type": "application/json" });

    const late = begin().on("error", () => {});
    late.write("{");
    const [headers] = await once(late, "response");
    expect(headers[":status"]).toBe(408);

    const next = begin().setEncoding("utf8");
    next.end("{}");
    const [nextHeaders] = await once(next, "response");
    expect([nextHeaders[":status"], (await next.toArray()).join("")]).toEqual([200, '{"id":"x"}']);
    session.destroy();
  },
);
