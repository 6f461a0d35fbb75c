import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostsWithoutAuthentication, LOCAL_NAMES, type WebGuardOptions, webGuard } from "./web-guard.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
}

/** Returns a server behind the guard, whose handler answers 200 to every accepted request. */
async function guarded(options: Partial<WebGuardOptions>) {
  const guard = webGuard({ allowedOrigins: [], allowedHosts: undefined, headers: [], ...options });
  const server = http.createServer((request, response) => {
    if (!guard(request, response)) response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const ask = (headers: http.OutgoingHttpHeaders, method = "POST"): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const done = (response: http.IncomingMessage): void => {
        response.resume();
        resolve({ status: response.statusCode, headers: response.headers });
      };
      http.request({ port, host: "127.0.0.1", method, headers, agent: false }, done).on("error", reject).end();
    });
  return { ask, port, close: () => server.close() };
}

describe("a listener with local host names only", () => {
  let listener: Awaited<ReturnType<typeof guarded>>;
  beforeAll(async () => {
    listener = await guarded({ allowedHosts: LOCAL_NAMES, allowedOrigins: ["https://dashboard.example.com"] });
  });
  afterAll(() => listener.close());

  it.each(["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "localhost:8080", "[::1]:1"])(
    "accepts the host %s",
    async (host) => {
      expect((await listener.ask({ host })).status).toBe(200);
    },
  );

  it.each([
    "evil.example.com",
    "localhost.evil.example.com",
    "evil.example.com:8080",
    "127.0.0.1.nip.io",
    "localhost:80:80",
  ])("rejects the host name %j, even when it resolves to this machine", async (host) => {
    expect((await listener.ask({ host })).status).toBe(421);
  });

  it("accepts its own page and programs", async () => {
    const host = `localhost:${listener.port}`;
    expect((await listener.ask({ host })).status).toBe(200);
    expect((await listener.ask({ host, origin: `http://${host}` })).status).toBe(200);
  });

  it.each([
    "http://evil.example.com",
    "null",
    "http://localhost:1",
    "https://dashboard.example.com.evil.com",
    "file://",
  ])("rejects pages of %s", async (origin) => {
    const { status, headers } = await listener.ask({ host: `localhost:${listener.port}`, origin });
    expect(status).toBe(403);
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("accepts pages of an allowed origin, which is returned by name and never as *", async () => {
    const origin = "https://dashboard.example.com";
    const { status, headers } = await listener.ask({ host: "localhost", origin });
    expect(status).toBe(200);
    expect(headers["access-control-allow-origin"]).toBe(origin);
    expect(headers.vary).toBe("origin");
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
  });

  it("answers the preflight of an allowed origin and of no other origin", async () => {
    const preflight = { host: "localhost", "access-control-request-method": "POST" };
    const allowed = await listener.ask({ ...preflight, origin: "https://dashboard.example.com" }, "OPTIONS");
    expect(allowed.status).toBe(204);
    expect(allowed.headers["access-control-allow-headers"]).toContain("Authorization");
    expect(allowed.headers["access-control-allow-headers"]).toContain("Connect-Protocol-Version");
    expect((await listener.ask({ ...preflight, origin: "http://evil.example.com" }, "OPTIONS")).status).toBe(403);
  });
});

it.each([
  [
    "what the protocols, OpenTelemetry and common clients send",
    undefined,
    [
      "Content-Type",
      "Authorization",
      "Connect-Timeout-Ms",
      "Grpc-Timeout",
      "Grpc-Accept-Encoding",
      "X-Grpc-Web",
      "traceparent",
      "tracestate",
      "baggage",
      "b3",
      "x-request-id",
    ],
    ["x-tenant"],
  ],
  [
    "its own list besides the protocols' headers",
    ["x-tenant"],
    ["Content-Type", "Authorization", "Connect-Timeout-Ms", "x-tenant"],
    ["traceparent"],
  ],
])("a preflight allows %s", async (_, requestHeaders, allowed, others) => {
  const origin = "https://dashboard.example.com";
  const listener = await guarded({ allowedOrigins: [origin], ...(requestHeaders && { requestHeaders }) });
  const { headers } = await listener.ask({ origin, "access-control-request-method": "POST" }, "OPTIONS");
  const names = headers["access-control-allow-headers"]?.split(", ") ?? [];
  expect(allowed.filter((name) => !names.includes(name))).toEqual([]);
  expect(others.filter((name) => names.includes(name))).toEqual([]);
  expect(headers["access-control-expose-headers"]).toContain("Retry-After");
  listener.close();
});

it("a listener without host names accepts any", async () => {
  const listener = await guarded({});
  expect((await listener.ask({ host: "any.example.com" })).status).toBe(200);
  listener.close();
});

it("a listener without authentication accepts local names and its own loopback address", () => {
  expect(hostsWithoutAuthentication("127.0.0.2")).toContain("127.0.0.2");
  expect(hostsWithoutAuthentication("::1")).toContain("[::1]");
  expect(hostsWithoutAuthentication("0.0.0.0")).toEqual(LOCAL_NAMES);
});
