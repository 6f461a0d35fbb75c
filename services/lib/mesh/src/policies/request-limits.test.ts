import { once } from "node:events";
import http2 from "node:http2";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { type EchoServer, echoClient, LISTENER_CLIENTS, startEcho } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates } from "@bellwether/testing/echo/test-certificates";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";

const MEASURE = "/bellwether.echo.v1.EchoService/Measure";
const codeOf = (reason: unknown): Code => ConnectError.from(reason).code;
const reasonOf = (reason: unknown): string => ConnectError.from(reason).rawMessage;

describe.each(Object.entries(LISTENER_CLIENTS))("at the %s listener", (_, connect) => {
  it("a health check accepts 4 KiB and not more", async () => {
    await using echo = await startEcho();
    const { check } = createClient(Health, connect(echo));
    // The field's tag and length take 3 bytes.
    expect(await check({ service: "x".repeat(4_093) }).catch(codeOf)).toBe(Code.NotFound);
    expect(await check({ service: "x".repeat(4_094) }).catch(codeOf)).toBe(Code.ResourceExhausted);
  });

  it("requests without a slot hold no more than their share of memory, and other calls are answered", async () => {
    const MIB = 1024 * 1024;
    await using echo = await startEcho({ requestMemory: { processBytes: 2 * MIB, connectionBytes: MIB } });
    const client = echoClient(connect(echo));
    expect((await client.echo({ id: "small", payload: new Uint8Array(0.5 * MIB) })).request?.id).toBe("small");
    const large = await client.echo({ id: "large", payload: new Uint8Array(1.5 * MIB) }).catch(codeOf);
    expect(large).toBe(Code.ResourceExhausted);
    expect((await client.echo({ id: "next" })).request?.id).toBe("next");
  });

  it("a stream whose next message does not arrive is ended", async () => {
    await using echo = await startEcho({ limits: { messageTimeoutMs: 300 } });
    const sum = echoClient(connect(echo)).sum(
      (async function* () {
        yield { number: 1 };
        await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
      })(),
    );
    expect(await sum.catch(reasonOf)).toBe("no message has come for 300 ms");
  });
});

describe("health watches", () => {
  const watch = async (transport: Transport): Promise<unknown> => {
    const messages = createClient(Health, transport).watch({})[Symbol.asyncIterator]();
    return messages.next().then((first) => first.value?.status, codeOf);
  };

  it("are limited per address over all listeners together", async () => {
    await using echo = await startEcho({ drainMs: 100, probeStreams: { maxStreamsPerAddress: 2 } });
    const [grpc, web] = Object.values(LISTENER_CLIENTS);
    if (!grpc || !web) throw new Error("two listeners");
    expect(await watch(grpc(echo))).toBe(1);
    expect(await watch(web(echo))).toBe(1);
    expect(await watch(grpc(echo))).toBe(Code.ResourceExhausted);
    expect(await watch(web(echo))).toBe(Code.ResourceExhausted);
  });

  it("are limited in total", async () => {
    await using echo = await startEcho({ drainMs: 100, probeStreams: { maxStreams: 1 } });
    const transport = LISTENER_CLIENTS.gRPC?.(echo);
    if (!transport) throw new Error("a listener");
    expect(await watch(transport)).toBe(1);
    expect(await watch(transport)).toBe(Code.ResourceExhausted);
  });
});

describe("a body that does not arrive over HTTP/2", () => {
  const begin = async (session: http2.ClientHttp2Session, contentType: string) => {
    const headers = { ":method": "POST", ":path": MEASURE, "content-type": contentType, te: "trailers" };
    const stream = session.request({ ...headers, "grpc-timeout": "99999999H" });
    stream.on("error", () => {});
    const [answer] = await once(stream, "response");
    session.destroy();
    return answer;
  };

  it("ends its call at the gRPC listener, at any deadline of its client", async () => {
    await using echo = await startEcho({ limits: { bodyTimeoutMs: 400 } });
    const answer = await begin(http2.connect(echo.grpcUrl), "application/grpc");
    expect(answer["grpc-status"]).toBe(String(Code.DeadlineExceeded));
    expect(decodeURI(answer["grpc-message"])).toContain("not complete within 400 ms");
  });

  it.skipIf(!hasOpenssl())("ends its call at the web listener too (skipped without openssl)", async () => {
    const { ca, server } = makeCertificates();
    await using echo = await startEcho({ tls: server, limits: { bodyTimeoutMs: 400 } });
    const answer = await begin(http2.connect(echo.webUrl, { ca }), "application/proto");
    expect(answer[":status"]).toBe(504);
  });
});

it("a timeout longer than any timer is cut, not ignored", async () => {
  const call = (echo: EchoServer, ms: string) =>
    fetch(`${echo.webUrl}/bellwether.echo.v1.EchoService/Echo`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": ms },
      body: JSON.stringify({ id: "x", behavior: { delay: "0.05s" } }),
    });
  await using echo = await startEcho();
  for (const ms of ["2147483647", "2147483648", "9999999999"]) expect((await call(echo, ms)).status).toBe(200);
  expect((await call(echo, "10")).status).toBe(504);
});

describe("after the requests without a slot have exceeded their memory limit", () => {
  const MIB = 1024 * 1024;
  const requestMemory = { processBytes: 2 * MIB, connectionBytes: 8 * MIB };

  it("the gRPC listener ends a request that announces more than 64 KiB at its first bytes", async () => {
    await using echo = await startEcho({ requestMemory });
    const session = http2.connect(echo.grpcUrl);
    const begin = (announced: number, sent: number) => {
      const head = { ":method": "POST", ":path": MEASURE, "content-type": "application/grpc", te: "trailers" };
      const stream = session.request(head);
      stream.on("error", () => {});
      const message = Buffer.alloc(5 + sent);
      message.writeUInt32BE(announced, 1);
      stream.write(message);
      return once(stream, "response").then(([headers]) => Number(headers["grpc-status"]));
    };
    expect(await begin(4 * MIB, 3 * MIB)).toBe(Code.ResourceExhausted);
    expect(await begin(MIB, 10)).toBe(Code.ResourceExhausted);
    session.destroy();
  });
});
