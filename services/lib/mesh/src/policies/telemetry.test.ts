import { readOtelSettings } from "@bellwether/telemetry/otel-settings";
import { startTelemetry } from "@bellwether/telemetry/start-telemetry";
import { CASES, codeOf } from "@bellwether/testing/echo/listener-cases";
import { echoClient, startEcho } from "@bellwether/testing/echo/start-echo";
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";

it("counts every call at both listeners by method and code", async () => {
  const settings = readOtelSettings({});
  await using telemetry = await startTelemetry({ serviceName: "echo", serviceVersion: "0", settings });
  await using echo = await startEcho({ telemetry });
  for (const { transport, call } of CASES) {
    const client = echoClient(transport(echo));
    expect(await codeOf(call(client, {}))).toBe("OK");
    expect(await codeOf(call(client, { failCode: Code.NotFound }))).toBe(Code.NotFound);
  }
  const page = await fetch(`${echo.adminUrl}/metrics`).then((response) => response.text());
  const counts = [...page.matchAll(/^rpc_server_call_duration(?:_seconds)?_count\{([^}]*)\} (\d+)/gm)].map(
    ([, labels, n]) => {
      const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels ?? "")?.[1];
      return `${label("rpc_system_name")} ${label("rpc_method")?.split("/")[1]} ${label("rpc_response_status_code")}: ${n}`;
    },
  );
  const expected = ["connectrpc", "grpc"].flatMap((system) =>
    ["Count", "Echo"].flatMap((method) => ["NOT_FOUND", "OK"].map((code) => `${system} ${method} ${code}: 1`)),
  );
  expect(counts.sort()).toEqual(expected);
});
