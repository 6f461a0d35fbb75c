import { startEcho } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { UsageError } from "../errors/usage-error.ts";
import { peerError, wrongPort } from "./peer-error.ts";

const OPS = { service: "ops-service", option: "--ops", listener: "grpc" } as const;
const ML = { service: "ml-service", option: "--url", listener: "web" } as const;

describe("the address of a peer that does not answer", () => {
  test("is looked at: the web and the admin port for gRPC, and the gRPC port for HTTP", async () => {
    await using echo = await startEcho();
    for (const url of [echo.webUrl, echo.adminUrl])
      expect(await wrongPort({ ...OPS, url })).toMatch(
        /is the web or the admin port of a service.* needs the gRPC port/,
      );
    expect(await wrongPort({ ...ML, url: echo.grpcUrl })).toMatch(/is the gRPC port of a service.* needs the web port/);
    expect(await wrongPort({ ...OPS, url: echo.grpcUrl })).toBeUndefined();
    expect(await wrongPort({ ...ML, url: echo.webUrl })).toBeUndefined();
    for (const url of [echo.webUrl, echo.grpcUrl])
      expect(await wrongPort({ ...OPS, url: url.replace("http:", "https:") })).toContain(
        "does not speak TLS: give --ops http://",
      );
  });

  test.skipIf(!hasOpenssl())("is looked at: TLS where http was given", async () => {
    await using secure = await startEcho({ tls: makeCertificates().server });
    for (const url of [secure.webUrl, secure.grpcUrl]) {
      const message = await wrongPort({ ...OPS, url: url.replace("https:", "http:") });
      expect(message).toMatch(/speaks TLS: give --ops https:\/\/localhost:\d+, with BELLWETHER_TLS_CA/);
    }
  });

  test("is unchanged where nothing listens", async () => {
    const error = await peerError(new ConnectError("refused", Code.Unavailable), { ...OPS, url: "http://127.0.0.1:9" });
    expect(error.message).toContain("ops-service does not answer at http://127.0.0.1:9");
    const late = await peerError(new ConnectError("late", Code.DeadlineExceeded), {
      ...OPS,
      url: "http://127.0.0.1:9",
    });
    expect(late.message).toContain("ops-service at http://127.0.0.1:9 did not answer in time");
  });
});

test("a call without a credential says how to get one, and a wrong field is an error of usage in options", async () => {
  const url = "http://127.0.0.1:9";
  const missing = await peerError(new ConnectError("no credential", Code.Unauthenticated), { ...OPS, url });
  expect(missing.message).toMatch(/BELLWETHER_TOKEN_FILE.*bellwether auth token/);
  const wrong = await peerError(new ConnectError("note: is too long", Code.InvalidArgument), { ...OPS, url });
  expect(wrong).toBeInstanceOf(UsageError);
  expect(wrong.message).toBe("--note: is too long");
});
