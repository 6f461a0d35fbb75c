import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import {
  CLEAR_TEXT_CLIENTS,
  collect,
  type EchoClient,
  type EchoServer,
  echoClient,
  startEcho,
  streamOf,
  until,
} from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let echo: EchoServer;
const ended: string[] = [];

beforeAll(async () => {
  echo = await startEcho({ observer: { started: () => {}, ended: (method) => ended.push(method) } });
});
afterAll(() => echo[Symbol.asyncDispose]());

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => expect.fail("the call did not fail"),
    (error) => ConnectError.from(error),
  );
}

describe.each(Object.entries(CLEAR_TEXT_CLIENTS))("%s", (name, transport) => {
  let client: EchoClient;
  beforeAll(() => {
    client = echoClient(transport(echo));
  });

  it("answers a unary call with its message", async () => {
    const request = {
      id: "s-1",
      features: { late_ratio: 0.25, spend: Number.NaN },
      text: "Lieferant é",
      payload: new Uint8Array([0, 255]),
    };
    const { request: back, caller } = await client.echo(request);
    expect(back).toMatchObject(request);
    expect(caller).toBe("anonymous");
  });

  it("streams from the server with its headers and trailers", async () => {
    const seen = new Headers();
    const numbers = await collect(
      client.count(
        { to: 3 },
        {
          onHeader: (h) => seen.set("h", String(h.get("echo-header"))),
          onTrailer: (t) => seen.set("t", String(t.get("echo-trailer"))),
        },
      ),
    );
    expect(numbers.map((m) => m.number)).toEqual([1, 2, 3]);
    expect([seen.get("h"), seen.get("t")]).toEqual(["h", "t"]);
  });

  it("streams from the client", async () => {
    expect((await client.sum(streamOf({ number: 1 }, { number: 2 }, { number: 39 }))).sum).toBe(42n);
  });

  const streamsBothWays = name.startsWith("gRPC (");
  if (streamsBothWays)
    it("streams in both directions", async () => {
      expect(await collect(client.chat(streamOf({ text: "a" }, { text: "b" })))).toMatchObject([
        { text: "a" },
        { text: "b" },
      ]);
    });

  it("transfers metadata in both directions, including binary metadata", async () => {
    const got: string[] = [];
    await client.echo(
      { id: "m", behavior: {} },
      {
        headers: { "echo-request": "täg".replace("ä", "a") },
        onHeader: (headers) => got.push(String(headers.get("echo-header"))),
        onTrailer: (trailers) => got.push(String(trailers.get("echo-trailer"))),
      },
    );
    expect(got).toEqual(["tag", "tag"]);
  });

  it("sends a domain error with its code, text and ErrorInfo", async () => {
    const text = "no détail 100% \n";
    const error = await failureOf(
      client.echo({ id: "e", behavior: { failCode: Code.FailedPrecondition, failText: text } }),
    );
    expect([error.code, error.rawMessage]).toEqual([Code.FailedPrecondition, text]);
    const [info] = error.findDetails(ErrorInfoSchema);
    expect(info).toMatchObject({ reason: "ASKED_FOR9", domain: "bellwether", metadata: { asked: "yes" } });
  });

  it("sends an error in the middle of a stream after the messages before it", async () => {
    const numbers: number[] = [];
    const read = async () => {
      const behavior = { failCode: Code.Aborted, failAfter: 2, failText: "mid" };
      for await (const { number } of client.count({ to: 5, behavior })) numbers.push(number);
    };
    expect((await failureOf(read())).code).toBe(Code.Aborted);
    expect(numbers).toEqual([1, 2]);
  });

  it("names every invalid field", async () => {
    const error = await failureOf(client.echo({ id: "", nested: { id: "" } }));
    expect(error.code).toBe(Code.InvalidArgument);
    const [bad] = error.findDetails(BadRequestSchema);
    expect(bad?.fieldViolations.map((v) => v.field)).toEqual(["id", "nested.id"]);
  });

  it("hides an unknown error from the client and logs it", async () => {
    const error = await failureOf(client.echo({ id: "u", behavior: { failUnknown: true } }));
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
    await until(() => echo.logged.some((line) => JSON.stringify(line).includes("a secret")), "the log line");
  });

  it("survives a lone surrogate in an error's text", async () => {
    const failText = "cut \ud83d here";
    const error = await failureOf(client.echo({ id: "s", behavior: { failCode: Code.Aborted, failText } }));
    // JSON cannot contain a lone surrogate; the binary forms contain U+FFFD.
    expect(error.code).toBe(name === "Connect JSON" ? Code.InvalidArgument : Code.Aborted);
    expect((await client.echo({ id: "still here" })).request?.id).toBe("still here");
  });

  it("ends a call at the client's deadline", async () => {
    const behavior = { delay: { seconds: 30n } };
    expect((await failureOf(client.echo({ id: "d", behavior }, { timeoutMs: 60 }))).code).toBe(Code.DeadlineExceeded);
  });

  it("ends a handler whose client cancels", async () => {
    ended.length = 0;
    const controller = new AbortController();
    const read = async () => {
      for await (const { number } of client.count({ to: 1_000_000 }, { signal: controller.signal })) {
        if (number === 3) controller.abort();
      }
    };
    expect((await failureOf(read())).code).toBe(Code.Canceled);
    await until(() => ended.includes("Count"), "the generator's end");
  });

  it("transfers 3 MiB in both directions", async () => {
    const payload = new Uint8Array(3 * 1024 * 1024).fill(7);
    const { request } = await client.echo({ id: "big", payload });
    expect(Buffer.compare(request?.payload ?? new Uint8Array(), payload)).toBe(0);
  });

  it("rejects 7 MiB when the limit is 4 MiB, accepts 15 MiB when the limit is 16 MiB", async () => {
    const error = await failureOf(client.echo({ id: "x", payload: new Uint8Array(7 * 1024 * 1024) }));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect((await client.measure({ payload: new Uint8Array(15 * 1024 * 1024) })).size).toBe(15 * 1024 * 1024);
  });
});
