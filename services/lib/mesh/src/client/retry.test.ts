import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { DEFAULT_RETRY, type RetryOptions, retryInterceptor } from "./retry.ts";

/** Returns a client whose server fails with `code` for the given number of calls and then answers. */
function failing(times: number, options: Partial<RetryOptions> = {}, code = Code.Unavailable) {
  let attempts = 0;
  const attempt = (): void => {
    if (++attempts <= times) throw new ConnectError("down", code);
  };
  const interceptors = [retryInterceptor({ ...DEFAULT_RETRY, pauseMs: 1, ...options })];
  const transport = createRouterTransport(
    ({ service }) => {
      service(EchoService, {
        echo(request) {
          attempt();
          return { request };
        },
        increment() {
          attempt();
          return {};
        },
        async *count() {
          attempt();
          yield {};
        },
      });
    },
    { transport: { interceptors } },
  );
  return { client: createClient(EchoService, transport), attempts: () => attempts };
}

it("an idempotent call is repeated on UNAVAILABLE, with at most three attempts in all", async () => {
  const twice = failing(2);
  expect((await twice.client.echo({ id: "x" })).request?.id).toBe("x");
  expect(twice.attempts()).toBe(3);
  const always = failing(Number.POSITIVE_INFINITY);
  await expect(always.client.echo({ id: "x" })).rejects.toMatchObject({ code: Code.Unavailable });
  expect(always.attempts()).toBe(3);
});

it("a call that is not idempotent and a stream are not repeated", async () => {
  const { client, attempts } = failing(Number.POSITIVE_INFINITY);
  await expect(client.increment({})).rejects.toThrow();
  expect(attempts()).toBe(1);
  const reading = (async () => {
    for await (const _ of client.count({ to: 1 }));
  })();
  await expect(reading).rejects.toThrow();
  expect(attempts()).toBe(2);
});

it.each([Code.Internal, Code.DeadlineExceeded, Code.ResourceExhausted, Code.InvalidArgument])(
  "an error of code %i is not repeated",
  async (code) => {
    const { client, attempts } = failing(Number.POSITIVE_INFINITY, {}, code);
    await expect(client.echo({ id: "x" })).rejects.toMatchObject({ code });
    expect(attempts()).toBe(1);
  },
);

it("during an outage the budget limits the attempts to 1.1 per call", async () => {
  const { client, attempts } = failing(Number.POSITIVE_INFINITY);
  const calls = 1_000;
  for (let call = 0; call < calls; call++) await client.echo({ id: "x" }).catch(() => {});
  expect(attempts()).toBeGreaterThan(calls);
  expect(attempts()).toBeLessThanOrEqual(1.1 * calls);
});

it("an aborted call is not repeated", async () => {
  const controller = new AbortController();
  const { client, attempts } = failing(Number.POSITIVE_INFINITY, {
    pauseMs: 10_000,
    onRetry: () => controller.abort(),
  });
  await expect(client.echo({ id: "x" }, { signal: controller.signal })).rejects.toThrow();
  expect(attempts()).toBe(1);
});
