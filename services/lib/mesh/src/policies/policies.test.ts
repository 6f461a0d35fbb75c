import { once } from "node:events";
import http2 from "node:http2";
import { ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { CASES, codeOf } from "@bellwether/testing/echo/listener-cases";
import { type EchoServer, echoClient, LISTENER_CLIENTS, startEcho, until } from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { rpcError } from "../errors/rpc-error.ts";

const slow = { delay: { nanos: 300_000_000 } };

describe.each(CASES)("admission at the $listener listener, $shape", ({ transport, call }) => {
  const admission = { maxInFlight: 2, maxQueued: 2, maxWaitMs: 5_000, overloadWaitMs: 5_000 };

  it("runs two calls, queues two, and rejects the others with a retry time", async () => {
    await using echo = await startEcho({ admission });
    const client = echoClient(transport(echo));
    const calls = Array.from({ length: 6 }, () => call(client, { delay: { nanos: 500_000_000 } }));
    const errors = (await Promise.allSettled(calls)).flatMap((r) =>
      r.status === "rejected" ? [ConnectError.from(r.reason)] : [],
    );
    expect(errors.map((e) => e.code)).toEqual([Code.ResourceExhausted, Code.ResourceExhausted]);
    expect(errors[0]?.findDetails(RetryInfoSchema)[0]?.retryDelay?.nanos).toBeGreaterThan(0);
    expect(await codeOf(call(client, {}))).toBe("OK");
  });

  it("rejects calls that would wait too long", async () => {
    await using echo = await startEcho({ admission: { ...admission, maxWaitMs: 20, overloadWaitMs: 20 } });
    const client = echoClient(transport(echo));
    const calls = Array.from({ length: 4 }, () => codeOf(call(client, slow)));
    expect((await Promise.all(calls)).sort()).toEqual([Code.ResourceExhausted, Code.ResourceExhausted, "OK", "OK"]);
  });

  it("frees a canceled call's slot", async () => {
    await using echo = await startEcho({ admission: { ...admission, maxQueued: 1 } });
    const client = echoClient(transport(echo));
    const controller = new AbortController();
    const canceled = [1, 2].map(() => codeOf(call(client, { delay: { seconds: 60n } }, controller.signal)));
    await until(() => echo.logged.length > 0, "the start");
    setTimeout(() => controller.abort(), 30);
    expect(await Promise.all(canceled)).toEqual([Code.Canceled, Code.Canceled]);
    expect(await codeOf(call(client, {}))).toBe("OK");
  });
});

describe("overload at the gRPC listener", () => {
  /** Returns the status that a call receives within 40 ms when it sends headers and no body. */
  const statusOfHeaders = (session: http2.ClientHttp2Session): Promise<unknown> => {
    const head = { ":method": "POST", ":path": "/bellwether.echo.v1.EchoService/Echo", te: "trailers" };
    const stream = session.request({ ...head, "content-type": "application/grpc", "grpc-timeout": "40m" });
    return new Promise((resolve) => stream.once("response", (h) => resolve(h["grpc-status"])).resume());
  };

  it("rejects a call when its headers arrive; before and after overload, the call waits for its body", async () => {
    await using echo = await startEcho({ admission: { maxInFlight: 1, overloadAfterMs: 50 } });
    const client = echoClient(LISTENER_CLIENTS.gRPC?.(echo) ?? expect.fail());
    const session = http2.connect(echo.grpcUrl);
    const waitsForBody = String(Code.DeadlineExceeded);
    expect(await statusOfHeaders(session)).toBe(waitsForBody);

    const controller = new AbortController();
    const held = codeOf(client.echo({ id: "x", behavior: { delay: { seconds: 60n } } }, { signal: controller.signal }));
    let status: unknown = waitsForBody;
    for (const end = performance.now() + 5_000; status === waitsForBody && performance.now() < end; ) {
      void codeOf(client.echo({ id: "waits" }));
      status = await statusOfHeaders(session);
    }
    expect(status).toBe(String(Code.ResourceExhausted));

    controller.abort();
    expect(await held).toBe(Code.Canceled);
    // Overload ends when no call was rejected for 50 ms.
    for (const end = performance.now() + 5_000; status !== waitsForBody && performance.now() < end; ) {
      status = await statusOfHeaders(session);
    }
    expect(status).toBe(waitsForBody);
    session.destroy();
  });
});

describe("a call that a policy rejects on its headers, at the gRPC listener", () => {
  it("is answered with details, its stream ends though its body never arrives, and every policy sees its end", async () => {
    const ends: unknown[] = [];
    const reject = () => {
      throw rpcError(Code.PermissionDenied, "CLOSED_TODAY", "détail é 100% \n");
    };
    const policies = [{ close: (_: unknown, error?: ConnectError) => void ends.push(error?.code) }, { open: reject }];
    await using echo = await startEcho({ policies });
    const error = await echoClient(LISTENER_CLIENTS.gRPC?.(echo) ?? expect.fail())
      .echo({ id: "x" })
      .catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.PermissionDenied, rawMessage: "détail é 100% \n" });
    expect(error instanceof ConnectError && error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "CLOSED_TODAY" },
    ]);

    const session = http2.connect(echo.grpcUrl);
    const head = { ":method": "POST", ":path": "/bellwether.echo.v1.EchoService/Echo", te: "trailers" };
    const stream = session.request({ ...head, "content-type": "application/grpc" }).resume();
    await once(stream, "close");
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
    expect(ends).toEqual([Code.PermissionDenied, Code.PermissionDenied]);
    session.destroy();
  });
});

describe.each(CASES)("error table at the $listener listener, $shape", ({ transport, call }) => {
  it("maps a known error and hides an unknown one", async () => {
    await using echo = await startEcho();
    const client = echoClient(transport(echo));
    expect(await codeOf(call(client, { failCode: Code.NotFound, failText: "gone" }))).toBe(Code.NotFound);
    expect(await codeOf(call(client, { failUnknown: true }))).toBe(Code.Internal);
  });
});

describe.each(Object.entries(LISTENER_CLIENTS))("validation at the %s listener", (_, transport) => {
  it("rejects the second message of a stream", async () => {
    await using echo = await startEcho();
    const client = echoClient(transport(echo));
    const numbers = (async function* () {
      yield { number: 1 };
      yield { number: 1_000_001 };
    })();
    expect(await codeOf(client.sum(numbers))).toBe(Code.InvalidArgument);
  });
});

describe("deadlines", () => {
  it("end a gRPC call whose client sends only headers, and the call holds no slot", async () => {
    await using echo = await startEcho({ admission: { maxInFlight: 1, maxQueued: 1 } });
    const session = http2.connect(echo.grpcUrl);
    const head = { ":method": "POST", ":path": "/bellwether.echo.v1.EchoService/Echo", te: "trailers" };
    const stream = session.request({ ...head, "content-type": "application/grpc", "grpc-timeout": "200m" });
    const status = new Promise<unknown>((resolve) => stream.once("response", (h) => resolve(h["grpc-status"])));
    stream.resume();
    expect(await codeOf(echoClient(LISTENER_CLIENTS.gRPC?.(echo) ?? expect.fail()).echo({ id: "x" }))).toBe("OK");
    expect(await status).toBe(String(Code.DeadlineExceeded));
    session.destroy();
  });

  it.each(Object.entries(LISTENER_CLIENTS))(
    "of an RPC end a call at the %s listener whose client set none",
    async (_, transport) => {
      await using echo = await startEcho();
      const started = performance.now();
      const code = await codeOf(echoClient(transport(echo)).echo({ id: "x", behavior: { delay: { seconds: 60n } } }));
      expect(code).toBe(Code.DeadlineExceeded);
      expect(performance.now() - started).toBeGreaterThan(1_900);
      expect(performance.now() - started).toBeLessThan(6_000);
    },
  );
});

describe("telemetry", () => {
  it("keeps a supplier's data out of the log", async () => {
    await using echo = await startEcho();
    const client = echoClient(LISTENER_CLIENTS.gRPC?.(echo as EchoServer) ?? expect.fail());
    await codeOf(client.echo({ id: "x", text: "the whole contract", behavior: { failUnknown: true } }));
    await until(() => echo.logged.some((line) => line.msg === "call failed"), "the log line");
    expect(JSON.stringify(echo.logged)).not.toContain("the whole contract");
  });
});
