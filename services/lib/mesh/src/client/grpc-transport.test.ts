import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { collect, type EchoServer, echoClient, startEcho, streamOf, until } from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError } from "@connectrpc/connect";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Call } from "../call/call.ts";
import { createGrpcTransport } from "./grpc-transport.ts";

const BUSY = { delay: { seconds: 60n } };
let echo: EchoServer;
let channel: grpc.Client;
const ended: string[] = [];
const opened: Pick<Call, "deadline">[] = [];

beforeAll(async () => {
  echo = await startEcho({
    observer: { started: () => {}, ended: (method) => ended.push(method) },
    policies: [{ admit: ({ deadline }) => opened.push({ deadline }) < 0 }],
  });
  channel = new grpc.Client(new URL(echo.grpcUrl).host, grpc.credentials.createInsecure());
});
afterAll(async () => {
  channel.close();
  await echo[Symbol.asyncDispose]();
});

const client = () => echoClient(createGrpcTransport(channel, []));
const failure = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(() => expect.fail("the call did not fail"), ConnectError.from);

describe("a unary call", () => {
  it("returns the answer with the peer's headers and trailers", async () => {
    const seen: (string | null)[] = [];
    const answer = await client().echo(
      { id: "x", behavior: {} },
      {
        headers: { "echo-request": "tag" },
        onHeader: (header) => seen.push(header.get("echo-header")),
        onTrailer: (trailer) => seen.push(trailer.get("echo-trailer")),
      },
    );
    expect(answer.request?.id).toBe("x");
    expect(seen).toEqual(["tag", "tag"]);
  });

  it("fails with the peer's code, text and details, marked as from the wire", async () => {
    const error = await failure(
      client().echo({ id: "x", behavior: { failCode: Code.NotFound, failText: "the thing does not exist" } }),
    );
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: "the thing does not exist", isWireError: true });
    expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("ASKED_FOR5");
  });

  it("has the RPC's default deadline when the caller sets none, and no deadline when the caller sets 0", async () => {
    for (const [options, within] of [
      [{}, 2_000],
      [{ timeoutMs: 30_000 }, 30_000],
      // The server applies the RPC's default deadline.
      [{ timeoutMs: 0 }, 2_000],
    ] as const) {
      opened.length = 0;
      const before = Date.now();
      await client().echo({ id: "x" }, options);
      const leftMs = (opened[0]?.deadline ?? 0) - before;
      expect(leftMs).toBeGreaterThan(within / 2);
      expect(leftMs).toBeLessThan(within + 5_000);
    }
  });

  it("ends when the caller's signal fires", async () => {
    const gone = new AbortController();
    const call = failure(client().echo({ id: "x", behavior: BUSY }, { signal: gone.signal, timeoutMs: 30_000 }));
    gone.abort();
    expect(await call).toMatchObject({ code: Code.Canceled });
  });

  it("fails with UNAVAILABLE when no server listens", async () => {
    using nobody = Object.assign(new grpc.Client("127.0.0.1:1", grpc.credentials.createInsecure()), {
      [Symbol.dispose]: () => nobody.close(),
    });
    const call = echoClient(createGrpcTransport(nobody, [])).echo({ id: "x" });
    expect(await failure(call)).toMatchObject({ code: Code.Unavailable });
  });
});

describe("a streaming call", () => {
  it("transfers messages in both directions, with headers and trailers", async () => {
    expect(await client().sum(streamOf({ number: 2 }, { number: 3 }))).toMatchObject({ sum: 5n });
    const texts = await collect(client().chat(streamOf({ text: "a" }, { text: "b" })));
    expect(texts.map(({ text }) => text)).toEqual(["a", "b"]);
  });

  it("fails when the peer fails, after the messages before the failure", async () => {
    const numbers: number[] = [];
    const read = async () => {
      const behavior = { failCode: Code.Aborted, failAfter: 2 };
      for await (const { number } of client().count({ to: 5, behavior })) numbers.push(number);
    };
    expect(await failure(read())).toMatchObject({ code: Code.Aborted, isWireError: true });
    expect(numbers).toEqual([1, 2]);
  });

  it("is canceled at the peer when the caller's signal fires", async () => {
    ended.length = 0;
    const gone = new AbortController();
    const messages = client().count({ to: 1_000_000, padding: 1_000 }, { signal: gone.signal });
    const read = (async () => {
      for await (const _ of messages) gone.abort();
    })();
    expect(await failure(read)).toMatchObject({ code: Code.Canceled });
    await until(() => ended.includes("Count"), "the handler's end");
  });

  it("fails when the source of its messages fails", async () => {
    async function* broken(): AsyncGenerator<{ number: number }> {
      yield { number: 1 };
      throw new Error("the file ended early");
    }
    expect(await failure(client().sum(broken()))).toMatchObject({ code: Code.Canceled });
    expect(await client().echo({ id: "next" })).toMatchObject({ request: { id: "next" } });
  });
});
