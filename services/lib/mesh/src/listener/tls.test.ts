import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { collect, type EchoServer, echoClient, startEcho, streamOf } from "@bellwether/testing/echo/start-echo";
import { hasOpenssl, makeCertificates, type TestCertificates } from "@bellwether/testing/echo/test-certificates";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMeshTransport } from "../client/mesh-transport.ts";

const openssl = hasOpenssl();

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

describe.skipIf(!openssl)("TLS with client certificates (skipped without openssl)", () => {
  let certificates: TestCertificates;
  let echo: EchoServer;

  beforeAll(async () => {
    certificates = makeCertificates();
    echo = await startEcho({
      tls: { ...certificates.server, ca: certificates.ca },
      auth: { identities: { "ml-service": ["service"] } },
    });
  });
  afterAll(() => echo?.[Symbol.asyncDispose]());

  const nodeOptions = () => ({ ca: certificates.ca, ...certificates.client });
  const clients: Readonly<Record<string, () => Transport>> = {
    "gRPC (mesh)": () =>
      createMeshTransport({ url: echo.grpcUrl, tls: { ca: certificates.ca, ...certificates.client } }),
    "gRPC (connect-node)": () => createGrpcTransport({ baseUrl: echo.grpcUrl, nodeOptions: nodeOptions() }),
    "gRPC at the web listener": () => createGrpcTransport({ baseUrl: echo.webUrl, nodeOptions: nodeOptions() }),
    "Connect over HTTP/2": () =>
      createConnectTransport({ baseUrl: echo.webUrl, httpVersion: "2", nodeOptions: nodeOptions() }),
    "Connect over HTTP/1.1": () =>
      createConnectTransport({ baseUrl: echo.webUrl, httpVersion: "1.1", nodeOptions: nodeOptions() }),
    "gRPC-Web over HTTP/2": () =>
      createGrpcWebTransport({ baseUrl: echo.webUrl, httpVersion: "2", nodeOptions: nodeOptions() }),
  };

  it.each(Object.entries(clients))("identifies the certificate's owner: %s", async (_, transport) => {
    const client = echoClient(transport());
    expect((await client.echo({ id: "x" })).caller).toBe("ml-service");
    expect((await client.measure({ payload: new Uint8Array(9) })).size).toBe(9);
    expect((await collect(client.count({ to: 3 }))).length).toBe(3);
    expect((await client.sum(streamOf({ number: 20 }, { number: 22 }))).sum).toBe(42n);
    const error = await client
      .echo({ id: "x", behavior: { failCode: Code.Aborted } })
      .catch((e) => ConnectError.from(e));
    expect(error).toMatchObject({ code: Code.Aborted });
  });

  it("allows a certificate the RPCs of its roles and no others", async () => {
    const chat = collect(echoClient(clients["gRPC (connect-node)"]?.() ?? expect.fail()).chat(streamOf({ text: "a" })));
    await expect(chat).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("requires a certificate at the gRPC listener", async () => {
    using transport = createMeshTransport({ url: echo.grpcUrl, tls: { ca: certificates.ca } });
    const call = echoClient(transport).echo({ id: "x" });
    await expect(call).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it.each(["grpc", "web"] as const)(
    "asks a connection to close whose handshake ends while the %s listener drains",
    async (listener) => {
      const stopping = await startEcho({ tls: certificates.server });
      const { port } = stopping.server.addresses[listener];
      const secure = { ca: certificates.ca, servername: "localhost", ALPNProtocols: ["h2"] };
      const raw = net.connect(port, "127.0.0.1");
      await once(raw, "connect");
      // Connections are accepted in order: when a later one has completed its handshake, the server has this
      // one too.
      const later = tls.connect({ port, host: "127.0.0.1", ...secure });
      await once(later, "secureConnect");
      later.destroy();
      const stopped = stopping.server.stop();
      await expect.poll(() => takesConnections(port)).toBe(false);
      const socket = tls.connect({ socket: raw, ...secure });
      const session = http2.connect("https://localhost", { createConnection: () => socket });
      session.on("error", () => {});
      const [code] = await once(session, "goaway");
      expect(code).toBe(http2.constants.NGHTTP2_NO_ERROR);
      await stopped;
    },
  );

  it("accepts browsers without a certificate at the web listener, where they need a token", async () => {
    const transport = createConnectTransport({
      baseUrl: echo.webUrl,
      httpVersion: "2",
      nodeOptions: { ca: certificates.ca },
    });
    await expect(echoClient(transport).echo({ id: "x" })).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it("rejects a certificate of another authority", async () => {
    const strangers = makeCertificates();
    const nodeOptions = { ca: certificates.ca, ...strangers.client };
    const web = createConnectTransport({ baseUrl: echo.webUrl, httpVersion: "1.1", nodeOptions });
    await expect(echoClient(web).echo({ id: "x" })).rejects.toMatchObject({ code: Code.Unauthenticated });
    const grpc = createGrpcTransport({ baseUrl: echo.grpcUrl, nodeOptions });
    await expect(echoClient(grpc).echo({ id: "x" })).rejects.toThrow();
  });

  it("sends an error without a message as one HEADERS frame at the web listener, so that gRPC clients may retry it", async () => {
    const http2 = await import("node:http2");
    const session = http2.connect(echo.webUrl, { ca: certificates.ca });
    const head = { ":method": "POST", ":path": "/bellwether.echo.v1.EchoService/Echo", te: "trailers" };
    const stream = session.request({ ...head, "content-type": "application/grpc" });
    stream.end(Buffer.alloc(5));
    const [headers, flags] = await new Promise<[Record<string, unknown>, number]>((resolve) =>
      stream.once("response", (h, f) => resolve([h, f])),
    );
    session.destroy();
    expect(headers["grpc-status"]).toBe(String(Code.Unauthenticated));
    expect(flags & http2.constants.NGHTTP2_FLAG_END_STREAM).toBe(1);
  });

  it("speaks HTTP/1.1 with a client that negotiates no other protocol", async () => {
    const body = JSON.stringify({ id: "x" });
    const status = await new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json" };
      const url = `${echo.webUrl}/bellwether.echo.v1.EchoService/Echo`;
      const options = { method: "POST", ca: certificates.ca, ...certificates.client, headers, agent: false };
      https
        .request(url, options, (r) => resolve(r.statusCode))
        .on("error", reject)
        .end(body);
    });
    expect(status).toBe(200);
  });
});
