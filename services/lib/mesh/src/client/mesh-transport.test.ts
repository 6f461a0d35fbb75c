import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { createClient } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { CleartextTokenError, createMeshTransport, parsePeerUrl } from "./mesh-transport.ts";

test.each([
  ["http://ml-service:9081", "dns:///ml-service:9081", false],
  ["https://ml-service:9081", "dns:///ml-service:9081", true],
  ["http://ml-service", "dns:///ml-service:80", false],
  ["https://ml-service/", "dns:///ml-service:443", true],
  ["http://[::1]:9081", "dns:///[::1]:9081", false],
  ["https://[::1]", "dns:///[::1]:443", true],
  ["dns:///ml-service:9081", "dns:///ml-service:9081", false],
  ["ipv4:127.0.0.1:1,127.0.0.1:2", "ipv4:127.0.0.1:1,127.0.0.1:2", false],
])("the URL %s becomes the target %s", (url, target, secure) => {
  expect(parsePeerUrl(url)).toEqual({ target, secure });
});

test.each([
  "ml-service:9081",
  "localhost:9081",
  "ftp://ml-service",
  "file:///etc/passwd",
  "",
  "//ml-service",
  "http://",
])('"%s" is rejected', (url) => {
  expect(() => parsePeerUrl(url)).toThrow(TypeError);
});

describe("a token", () => {
  const open = (url: string, more: object = {}) => createMeshTransport({ url, token: () => "secret", ...more }).close();

  test.each([
    "http://ml-service:9081",
    "http://10.0.0.1:9081",
    "dns:///ml-service:9081",
    "dns://127.0.0.1/ml-service:9081",
    "ipv4:127.0.0.1:1,10.0.0.1:2",
    "http://localhost.example:9081",
  ])("is not sent to %s in clear text", (url) => {
    expect(() => open(url)).toThrow(CleartextTokenError);
    expect(() => open(url)).toThrow("BELLWETHER_AUTH_ALLOW_CLEARTEXT=true");
    expect(() => open(url, { allowCleartext: true })).not.toThrow();
    expect(() => open(url, { token: undefined })).not.toThrow();
  });

  test("that a single call carries is not sent either", async () => {
    using transport = createMeshTransport({ url: "http://10.0.0.1:9081" });
    const call = createClient(EchoService, transport).echo(
      { id: "x" },
      { headers: { authorization: "Bearer secret" } },
    );
    await expect(call).rejects.toThrow("the token would be sent in clear text to http://10.0.0.1:9081");
  });

  test.each([
    "http://127.0.0.1:9081",
    "http://localhost:9081",
    "http://[::1]:9081",
    "https://ml-service:9081",
    "ipv4:127.0.0.1:1,127.0.0.1:2",
    "unix:/run/ml.sock",
  ])("is sent to %s", (url) => {
    expect(() => open(url)).not.toThrow();
  });
});
