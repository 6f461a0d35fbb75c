import net from "node:net";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@bellwether/gen/grpc/health/v1/health_pb";
import {
  collect,
  echoClient,
  LISTENER_CLIENTS,
  meshClient,
  startEcho,
  until,
} from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";

describe.each(Object.entries(LISTENER_CLIENTS))("a stop, seen at the %s listener", (_, transport) => {
  it("lets running calls end", async () => {
    let running = 0;
    await using echo = await startEcho({ observer: { started: () => running++, ended: () => {} } });
    const client = echoClient(transport(echo));
    const delay = { delay: { nanos: 150_000_000 } };
    const calls = Promise.all([
      client.echo({ id: "x", behavior: delay }),
      collect(client.count({ to: 2, behavior: delay })),
    ]);
    await until(() => running === 2, "both handlers");
    const started = performance.now();
    await echo.server.stop();
    expect(performance.now() - started).toBeLessThan(2_000);
    await expect(calls).resolves.toMatchObject([{ request: { id: "x" } }, [{ number: 1 }, { number: 2 }]]);
  });

  it("accepts no new connection", async () => {
    await using echo = await startEcho();
    await echo.server.stop();
    await expect(echoClient(transport(echo)).echo({ id: "x" })).rejects.toBeInstanceOf(ConnectError);
  });

  it("is first reported to a health watch", async () => {
    await using echo = await startEcho();
    const seen: Status[] = [];
    const watch = (async () => {
      for await (const { status } of createClient(Health, transport(echo)).watch({})) {
        seen.push(status);
        if (status === Status.SERVING) void echo.server.stop();
      }
    })().catch((error) => ConnectError.from(error).code);
    expect(await watch).toBe(Code.Unavailable);
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
  });
});

it("fails no call of a client that continues to call while one of two servers stops", async () => {
  await using stays = await startEcho();
  let served = 0;
  await using goes = await startEcho({ observer: { started: () => served++, ended: () => {} } });
  const ports = [stays, goes].map(({ server }) => `127.0.0.1:${server.addresses.grpc.port}`);
  using client = meshClient(`ipv4:${ports.join(",")}`);
  const failures: unknown[] = [];
  let calling = true;
  const callers = Array.from({ length: 8 }, async () => {
    // `increment` is not an idempotent RPC, so the client does not retry it, and every failure is counted.
    while (calling) await client.increment({}).catch((error) => failures.push(error));
  });
  await until(() => served > 20, "calls at both servers");
  await goes.server.stop();
  calling = false;
  await Promise.all(callers);
  expect(failures).toEqual([]);
});

it("ends calls that do not end within the grace time", async () => {
  await using echo = await startEcho({ drainMs: 200 });
  const stuck = echoClient(LISTENER_CLIENTS.gRPC?.(echo) ?? expect.fail())
    .echo({ id: "x", behavior: { delay: { seconds: 60n } } }, { timeoutMs: 60_000 })
    .catch((error) => ConnectError.from(error).code);
  await new Promise((resolve) => net.connect(echo.server.addresses.web.port, "127.0.0.1", () => resolve(undefined)));
  const started = performance.now();
  await echo.server.stop();
  expect(performance.now() - started).toBeLessThan(1_500);
  expect([Code.Canceled, Code.Unavailable, Code.Aborted, Code.Internal]).toContain(await stuck);
});
