import { CLEAR_TEXT_CLIENTS, type EchoServer, echoClient, startEcho } from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
/** A UUID, or the id of a trace that begins with the call: 32 hex digits. */
const NEW_ID = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/;

let echo: EchoServer;
beforeAll(async () => {
  echo = await startEcho();
});
afterAll(() => echo[Symbol.asyncDispose]());

/** Returns headers and trailers of an answer together: gRPC sends the ids of unary calls in its trailers. */
async function idsOf(transport: Transport, headers: HeadersInit, behavior?: { failCode: Code }): Promise<Headers> {
  const all = new Headers();
  const keep = (some: Headers): void => some.forEach((value, name) => void all.set(name, value));
  try {
    await echoClient(transport).echo(
      { id: "x", ...(behavior && { behavior }) },
      { headers, onHeader: keep, onTrailer: keep },
    );
  } catch (error) {
    keep(ConnectError.from(error).metadata);
  }
  return all;
}

describe.each(Object.entries(CLEAR_TEXT_CLIENTS))("an answer over %s", (_, connect) => {
  it("has the caller's request id and trace", async () => {
    const headers = { "x-request-id": "r-1", traceparent: `00-${TRACE}-b7ad6b7169203331-00` };
    for (const behavior of [undefined, { failCode: Code.NotFound }]) {
      const ids = await idsOf(connect(echo), headers, behavior);
      expect([ids.get("x-request-id"), ids.get("x-trace-id")]).toEqual(["r-1", TRACE]);
      expect(ids.get("x-request-id-replaced")).toBeNull();
    }
  });

  it("has a new request id and a trace when the caller sends none", async () => {
    for (const behavior of [undefined, { failCode: Code.NotFound }]) {
      const ids = await idsOf(connect(echo), {}, behavior);
      expect(ids.get("x-request-id")).toMatch(NEW_ID);
      expect(ids.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it("says that an id which cannot be repeated was replaced", async () => {
    for (const id of ["two words", "x".repeat(129)]) {
      const ids = await idsOf(connect(echo), { "x-request-id": id });
      expect(ids.get("x-request-id")).toMatch(NEW_ID);
      expect(ids.get("x-request-id-replaced")).toBe("expected 1 to 128 visible ASCII characters");
    }
    const kept = await idsOf(connect(echo), { "x-request-id": "x".repeat(128) });
    expect([kept.get("x-request-id"), kept.get("x-request-id-replaced")]).toEqual(["x".repeat(128), null]);
  });

  it("of a stream has the ids before its first message", async () => {
    let first: Headers | undefined;
    const headers = { "x-request-id": "s-1" };
    const onHeader = (some: Headers): void => {
      first = some;
    };
    for await (const { number } of echoClient(connect(echo)).count({ to: 2 }, { headers, onHeader }))
      if (number === 1) expect([first?.get("x-request-id"), first?.has("x-trace-id")]).toEqual(["s-1", true]);
    expect(first).toBeDefined();
  });
});

describe("an answer without a call", () => {
  it.each([
    ["/nowhere", 404],
    ["/a.b.C/D", 404],
    ["/openapi.json", 200],
  ])("%s has a request id", async (path, status) => {
    const answer = await fetch(`${echo.webUrl}${path}`, { headers: { "x-request-id": "p-1" } });
    expect([answer.status, answer.headers.get("x-request-id")]).toEqual([status, "p-1"]);
    if (answer.headers.get("content-type") === "application/problem+json")
      expect(await answer.json()).toMatchObject({ request_id: "p-1" });
  });

  it("over gRPC has a request id, for an unknown RPC too", async () => {
    const client = CLEAR_TEXT_CLIENTS["gRPC (connect-node)"]?.(echo) ?? expect.fail("no client");
    const failure = await echoClient(client)
      .echo({ id: "x".repeat(5_000_000) }, { headers: { "x-request-id": "big" } })
      .catch((error: unknown) => ConnectError.from(error));
    expect(failure).toBeInstanceOf(ConnectError);
    if (failure instanceof ConnectError) expect(failure.metadata.get("x-request-id")).toBe("big");
  });
});

it("pages of other origins can read the ids", async () => {
  const origin = "https://dashboard.example.com";
  await using open = await startEcho({ web: { allowedOrigins: [origin] } });
  const answer = await fetch(`${open.webUrl}/nowhere`, { headers: { origin } });
  const exposed = answer.headers.get("access-control-expose-headers")?.split(", ") ?? [];
  expect(exposed).toEqual(expect.arrayContaining(["x-request-id", "x-trace-id", "x-request-id-replaced"]));
});
