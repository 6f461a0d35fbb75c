import http2 from "node:http2";
import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { Code } from "@connectrpc/connect";
import { afterAll, describe, expect, it } from "vitest";
import { collect, DOOR_CLIENTS, type EchoServer, echoClient, startEcho, until } from "./start-echo.ts";

const telemetry = await startTelemetry({ serviceName: "echo", serviceVersion: "0", settings: readOtelSettings({}) });
afterAll(() => telemetry.stop());

const ECHO = "bellwether.echo.v1.EchoService";
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

/** Lines of /metrics that count calls of the server, with their labels and without their values. */
async function callSeries({ adminUrl }: EchoServer): Promise<string[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text.split("\n").flatMap((line) => /^(rpc_server_call_duration_count\{.*\}) /.exec(line)?.[1] ?? []);
}

async function failed(call: Promise<unknown>): Promise<void> {
  await call.then(
    () => expect.fail("the call succeeded"),
    () => {},
  );
}

describe.each(Object.entries(DOOR_CLIENTS))("telemetry of the %s door", (door, transport) => {
  const system = door === "gRPC" ? "grpc" : "connectrpc";

  it("counts calls by protocol, method and code", async () => {
    await using echo = await startEcho({ telemetry });
    const client = echoClient(transport(echo));
    await client.echo({ id: "x" });
    await collect(client.count({ to: 2 }));
    await failed(client.echo({ id: "x", behavior: { failCode: Code.NotFound } }));
    const series = await callSeries(echo);
    const labels = (method: string, code: string, error = "") =>
      expect.stringContaining(
        `rpc_system_name="${system}",rpc_method="${ECHO}/${method}",rpc_response_status_code="${code}"${error}`,
      );
    expect(series).toContainEqual(labels("Echo", "OK"));
    expect(series).toContainEqual(labels("Count", "OK"));
    expect(series).toContainEqual(labels("Echo", "NOT_FOUND", ',error_type="NOT_FOUND"'));
  });

  it("logs a fault with the caller's trace id", async () => {
    await using echo = await startEcho({ telemetry });
    const client = echoClient(transport(echo));
    const headers = { traceparent: TRACEPARENT };
    await failed(client.echo({ id: "x", behavior: { failUnknown: true } }, { headers }));
    await failed(collect(client.count({ to: 1, behavior: { failUnknown: true } }, { headers })));
    await until(() => echo.logged.filter(({ msg }) => msg === "call failed").length === 2, "both lines");
    const ids = echo.logged.filter(({ msg }) => msg === "call failed").map((line) => line.trace_id);
    expect(ids).toEqual([TRACE_ID, TRACE_ID]);
  });
});

describe("what callers make up", () => {
  const HOSTILE = Array.from({ length: 200 }, (_, i) => `made-up-${i}`);

  it("methods, protocols and trace ids give no series of their own", async () => {
    await using echo = await startEcho({ telemetry });
    await echoClient(DOOR_CLIENTS.gRPC?.(echo) ?? expect.fail()).echo({ id: "x" });
    await fetch(`${echo.webUrl}/${ECHO}/Echo`, jsonCall("{}"));
    const before = await callSeries(echo);
    expect(before.length).toBeGreaterThan(1);

    const session = http2.connect(echo.grpcUrl);
    await Promise.all(HOSTILE.map((name) => callRaw(session, `/${ECHO}/${name}`)));
    await Promise.all(HOSTILE.map((name) => callRaw(session, `/${name}/Echo`, { traceparent: name })));
    session.destroy();
    for (const name of HOSTILE) {
      await fetch(`${echo.webUrl}/${ECHO}/${name}`, jsonCall("{}"));
      await fetch(`${echo.webUrl}/${ECHO}/Echo`, jsonCall("{}", { traceparent: name, "user-agent": name }));
    }
    const after = await callSeries(echo);
    expect(after).toEqual(before);
    const text = await (await fetch(`${echo.adminUrl}/metrics`)).text();
    expect(text).not.toContain("made-up");
  });
});

function jsonCall(body: string, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
}

/** A gRPC call by hand; resolves when its stream has ended. */
function callRaw(session: http2.ClientHttp2Session, path: string, more: http2.OutgoingHttpHeaders = {}): Promise<void> {
  const head = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...more };
  const stream = session.request(head);
  return new Promise((resolve) =>
    stream
      .once("close", () => resolve())
      .on("error", () => {})
      .resume()
      .end(),
  );
}
