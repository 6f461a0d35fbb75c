import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { codeOf } from "@bellwether/testing/echo/listener-cases";
import {
  collect,
  type EchoClient,
  type EchoServer,
  echoClient,
  LISTENER_CLIENTS,
  startEcho,
  until,
} from "@bellwether/testing/echo/start-echo";
import { recordSpans } from "@bellwether/testing/recorded-spans";
import { Code, createClient } from "@connectrpc/connect";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "../auth/local-keys.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";
const traceparent = (flags: "00" | "01") => `00-${TRACE_ID}-${PARENT_ID}-${flags}`;

interface Shape {
  readonly method: string;
  call(client: EchoClient, behavior: object, options: { headers: HeadersInit }): Promise<unknown>;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  unary: { method: "Echo", call: (client, behavior, options) => client.echo({ id: "x", behavior }, options) },
  "server stream": {
    method: "Count",
    call: (client, behavior, options) => collect(client.count({ to: 3, behavior }, options)),
  },
};
const SYSTEMS: Readonly<Record<string, string>> = { gRPC: "grpc", web: "connectrpc" };
const CASES = Object.entries(LISTENER_CLIENTS).flatMap(([listener, transport]) =>
  Object.entries(SHAPES).map(([shape, { method, call }]) => ({ listener, shape, transport, method, call })),
);

const recorded = recordSpans();
/** Id of the span in which each handler ran. */
const handlerSpans: (string | undefined)[] = [];
let echo: EchoServer;

beforeAll(async () => {
  const telemetry = { sampleRatio: 0, metricsText: () => Promise.resolve("") };
  const started = (): void => void handlerSpans.push(trace.getActiveSpan()?.spanContext().spanId);
  echo = await startEcho({ telemetry, observer: { started, ended: () => {} } });
});
afterAll(() => echo[Symbol.asyncDispose]());
beforeEach(() => {
  recorded.reset();
  handlerSpans.length = 0;
});

describe.each(CASES)(
  "the span of a call at the $listener listener, $shape",
  ({ listener, transport, method, call }) => {
    const name = `bellwether.echo.v1.EchoService/${method}`;
    const headers = { traceparent: traceparent("01") };
    /** The only span of a call. The server may end it after the client has its answer. */
    const spanOf = async (behavior: object, more: HeadersInit = {}) => {
      const code = await codeOf(call(echoClient(transport(echo)), behavior, { headers: { ...headers, ...more } }));
      await until(() => recorded.ended().length > 0, "the span");
      expect(recorded.ended()).toHaveLength(1);
      const [span = expect.fail("no span")] = recorded.ended();
      return { code, span };
    };

    it("is a SERVER span below the caller's, and the handler runs in it", async () => {
      const { code, span } = await spanOf({});
      expect(code).toBe("OK");
      expect(span).toMatchObject({ name, kind: SpanKind.SERVER, status: { code: SpanStatusCode.UNSET } });
      expect(span.spanContext().traceId).toBe(TRACE_ID);
      expect(span.parentSpanContext).toMatchObject({ spanId: PARENT_ID, isRemote: true });
      expect(span.attributes).toEqual({
        "rpc.system.name": SYSTEMS[listener],
        "rpc.method": name,
        "rpc.response.status_code": "OK",
      });
      expect(handlerSpans).toEqual([span.spanContext().spanId]);
    });

    it.each([
      ["an unknown error", { failUnknown: true }, Code.Internal, "INTERNAL"],
      ["a code that blames the server", { failCode: Code.Unavailable }, Code.Unavailable, "UNAVAILABLE"],
      ["a passed deadline", { delay: { seconds: 60n } }, Code.DeadlineExceeded, "DEADLINE_EXCEEDED"],
    ])("has status ERROR and the code for %s", async (_, behavior, code, reported) => {
      // The client does not know these headers: otherwise its own timer would cancel the call first.
      const deadline = { "grpc-timeout": "200m", "connect-timeout-ms": "200" };
      const failed = await spanOf(behavior, code === Code.DeadlineExceeded ? deadline : {});
      expect(failed.code).toBe(code);
      expect(failed.span).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: reported },
        attributes: { "rpc.response.status_code": reported, "error.type": reported },
      });
      expect(JSON.stringify(failed.span.attributes)).not.toContain("secret");
    });

    it.each([
      ["an error about its invalid request", { failCode: 17 }, Code.InvalidArgument, "INVALID_ARGUMENT"],
      ["NOT_FOUND", { failCode: Code.NotFound }, Code.NotFound, "NOT_FOUND"],
      ["the status of its own cancellation", { failCode: Code.Canceled }, Code.Canceled, "CANCELLED"],
    ])("has the code and not the status ERROR when the caller receives %s", async (_, behavior, code, reported) => {
      const failed = await spanOf(behavior);
      expect(failed.code).toBe(code);
      expect(failed.span).toMatchObject({
        status: { code: SpanStatusCode.UNSET },
        attributes: { "rpc.response.status_code": reported },
      });
      expect(failed.span.attributes).not.toHaveProperty("error.type");
    });

    it("is not recorded when the caller does not record, or when there is no traceparent and the ratio is 0", async () => {
      const client = echoClient(transport(echo));
      for (const unrecorded of [{ traceparent: traceparent("00") }, {}]) {
        expect(await codeOf(call(client, {}, { headers: unrecorded }))).toBe("OK");
      }
      // A recorded call follows: any span recorded before it has ended by now.
      await spanOf({});
    });
  },
);

describe("on a server that authenticates callers, a caller's sampled flag", () => {
  const telemetry = { sampleRatio: 0, metricsText: () => Promise.resolve("") };
  const headers = { traceparent: traceparent("01") };
  let closed: EchoServer;
  let authorization = "";
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-spans-"));
    const { privateKeyFile, publicKeysFile } = await createLocalKeys(path.join(folder, "keys"));
    authorization = `Bearer ${await issueToken(privateKeyFile, { subject: "ada", roles: ["viewer"], lifetimeS: 600 })}`;
    const tokens = {
      ...{ keys: { file: publicKeysFile }, issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE },
      rolesClaim: "roles",
    };
    closed = await startEcho({ telemetry, auth: { tokens, identities: {} } });
  });
  afterAll(async () => {
    await closed[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Object.entries(LISTENER_CLIENTS))(
    "is not followed for a caller without a token, at the %s listener",
    async (_, to) => {
      const { echo } = echoClient(to(closed));
      expect(await codeOf(echo({ id: "x" }, { headers }))).toBe(Code.Unauthenticated);
      const bad = { ...headers, authorization: "Bearer e30.e30.e30" };
      expect(await codeOf(echo({ id: "x" }, { headers: bad }))).toBe(Code.Unauthenticated);
      const health = createClient(Health, to(closed));
      expect(await codeOf(health.check({}, { headers: bad }))).toBe("OK");
      // The three calls above must record no span. The next call has a valid token, and its span must be the
      // only recorded one.
      expect(await codeOf(echo({ id: "x" }, { headers: { ...headers, authorization } }))).toBe("OK");
      await until(() => recorded.ended().length > 0, "the span");
      const [span = expect.fail("no span"), ...more] = recorded.ended();
      expect(more).toEqual([]);
      expect(span.spanContext().traceId).toBe(TRACE_ID);
      expect(span.parentSpanContext).toMatchObject({ spanId: PARENT_ID, isRemote: true });
      expect(span.attributes["rpc.response.status_code"]).toBe("OK");
    },
  );

  it("is not needed for a trace that the server samples itself", async () => {
    const all = { telemetry: { ...telemetry, sampleRatio: 1 }, auth: { identities: {} } };
    await using drawing = await startEcho(all);
    expect(
      await codeOf(echoClient(LISTENER_CLIENTS.gRPC?.(drawing) ?? expect.fail()).echo({ id: "x" }, { headers })),
    ).toBe(Code.Unauthenticated);
    await until(() => recorded.ended().length > 0, "the span");
    expect(recorded.ended()[0]?.spanContext().traceId).toBe(TRACE_ID);
  });
});
