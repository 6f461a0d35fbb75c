import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { CASES, codeOf } from "@bellwether/testing/echo/listener-cases";
import { collect, echoClient, LISTENER_CLIENTS, startEcho, until } from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";

describe.each(CASES)("details at the $listener listener, $shape", ({ transport, call }) => {
  it("contain the reason of a domain error and the fields of an invalid request", async () => {
    await using echo = await startEcho();
    const client = echoClient(transport(echo));
    const failed = await call(client, { failCode: Code.FailedPrecondition }).catch((e) => ConnectError.from(e));
    expect(failed).toMatchObject({ code: Code.FailedPrecondition });
    expect(failed instanceof ConnectError && failed.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "ASKED_FOR9",
      domain: "bellwether",
    });
    const invalid = await call(client, { failCode: 17 }).catch((e) => ConnectError.from(e));
    const [bad] = invalid instanceof ConnectError ? invalid.findDetails(BadRequestSchema) : [];
    expect(bad?.fieldViolations.map(({ field }) => field)).toEqual(["behavior.fail_code"]);
  });
});

describe.each(CASES)("deadlines at the $listener listener, $shape", ({ transport, shape }) => {
  it("of the client end the call and its handler", async () => {
    const ended: string[] = [];
    await using echo = await startEcho({ observer: { started: () => {}, ended: (method) => ended.push(method) } });
    const client = echoClient(transport(echo));
    const behavior = { delay: { seconds: 60n } };
    // Long enough for the handler to begin on a busy machine: one that has not begun does not end.
    const options = { timeoutMs: 1_000 };
    const call =
      shape === "unary"
        ? client.echo({ id: "x", behavior }, options)
        : collect(client.count({ to: 1, behavior }, options));
    expect(await codeOf(call)).toBe(Code.DeadlineExceeded);
    if (shape === "streaming") await until(() => ended.includes("Count"), "the generator's end");
  });
});

describe.each(Object.entries(LISTENER_CLIENTS))("compression at the %s listener", (_, transport) => {
  it("accepts a compressed request and limits its decompressed size", async () => {
    await using echo = await startEcho();
    const zipped = echoClient(transport(echo, compressionGzip));
    expect((await zipped.echo({ id: "x", text: "z".repeat(100_000) })).request?.text.length).toBe(100_000);
    const bomb = zipped.echo({ id: "x", payload: new Uint8Array(5 * 1024 * 1024) });
    expect(await codeOf(bomb)).toBe(Code.ResourceExhausted);
  });
});

it("the web listener compresses answers for clients that accept compression", async () => {
  await using echo = await startEcho();
  const ask = async (encoding: string) => {
    const headers = { "content-type": "application/json", "accept-encoding": encoding };
    const body = JSON.stringify({ id: "x", text: "z".repeat(10_000) });
    const answer = await fetch(`${echo.webUrl}/bellwether.echo.v1.EchoService/Echo`, { method: "POST", headers, body });
    const { request } = await answer.json();
    expect(request.text.length).toBe(10_000);
    return answer.headers.get("content-encoding");
  };
  expect(await ask("gzip")).toBe("gzip");
  expect(await ask("identity")).toBeNull();
});
