import type { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { type EchoServer, echoClient, LISTENER_CLIENTS, startEcho } from "@bellwether/testing/echo/start-echo";
import type { Client } from "@connectrpc/connect";
import { expect, onTestFinished, test, vi } from "vitest";
import { type AuditCallsOptions, auditCallsPolicy, type CallEvent } from "./audit-calls.ts";
import type { AuthSettings } from "./authentication.ts";

/** Callers by a name in the header, instead of tokens. */
const AUTH: AuthSettings = {
  identities: {},
  credentials: [
    {
      identify(call) {
        const name = call.header("x-test-caller");
        if (name === undefined) return undefined;
        const role = name === "ada" ? "analyst" : name === "mesh" ? "service" : "viewer";
        return { subject: name, roles: new Set([role]), via: "token" };
      },
    },
  ],
};

async function start(over: Partial<AuditCallsOptions> = {}) {
  const events: CallEvent[] = [];
  const policy = auditCallsPolicy({ record: (event) => void events.push(event), now: () => 1_000, ...over });
  const echo = await startEcho({ auth: AUTH, policies: [policy] });
  onTestFinished(() => echo[Symbol.asyncDispose]());
  const shown = () =>
    events.map(({ kind, actor, payload: { rpc, code, calls } }) =>
      [kind, actor, String(rpc).split("/")[1], code, calls].filter((part) => part !== undefined).join(" "),
    );
  return { echo, events, policy, shown, as: (name: string, listener = "gRPC") => clientOf(echo, name, listener) };
}

function clientOf(echo: EchoServer, name: string, listener: string): Client<typeof EchoService> {
  const transport = LISTENER_CLIENTS[listener]?.(echo);
  if (!transport) throw new Error(`no client ${listener}`);
  const client = echoClient(transport);
  const headers = { "x-test-caller": name };
  return {
    ...client,
    echo: (request, options) => client.echo(request, { ...options, headers }),
    increment: (request, options) => client.increment(request, { ...options, headers }),
    measure: (request, options) => client.measure(request, { ...options, headers }),
  };
}

test.each(Object.keys(LISTENER_CLIENTS))(
  "a call that changes something is one event, and a viewer's call is none (%s)",
  async (listener) => {
    const { as, shown, events, policy } = await start();
    await as("ada", listener).increment({});
    await as("ada", listener).echo({ id: "x" });
    await vi.waitFor(() => expect(shown()).toEqual(["call.made ada Increment OK"]));
    expect(events[0]?.payload).toMatchObject({ via: "token", request_id: expect.any(String) });
    policy[Symbol.dispose]();
    expect(shown()).toHaveLength(1);
  },
);

test("the first denial of a caller is an event at once, and repetitions are counted", async () => {
  const { as, shown, policy } = await start();
  for (let i = 0; i < 4; i++) await expect(as("vic").increment({})).rejects.toThrow("asks for the role");
  await expect(as("bob").increment({})).rejects.toThrow("asks for the role");
  await vi.waitFor(() =>
    expect(shown()).toEqual([
      "call.refused vic Increment PERMISSION_DENIED",
      "call.refused bob Increment PERMISSION_DENIED",
    ]),
  );
  policy[Symbol.dispose]();
  expect(shown().slice(2)).toEqual(["calls.refused vic Increment PERMISSION_DENIED 3"]);
});

test("calls of services are counted by caller, RPC and result", async () => {
  const { as, shown, events, policy } = await start();
  for (let i = 0; i < 3; i++) await as("mesh").measure({});
  await vi.waitFor(() => {
    policy[Symbol.dispose]();
    expect(events.reduce((sum, { payload }) => sum + Number(payload.calls), 0)).toBe(3);
  });
  expect(new Set(shown().map((text) => text.slice(0, -2)))).toEqual(new Set(["calls.made mesh Measure OK"]));
});

test("callers that are not known are counted together, whatever they call", async () => {
  const { echo, shown, policy } = await start();
  const transport = LISTENER_CLIENTS.gRPC?.(echo);
  if (!transport) throw new Error("no client");
  const nobody = echoClient(transport);
  for (let i = 0; i < 3; i++) await expect(nobody.echo({ id: "x" })).rejects.toThrow("is needed");
  policy[Symbol.dispose]();
  expect(shown()).toEqual(["calls.refused unauthenticated Echo UNAUTHENTICATED 3"]);
});

test("an RPC that something else records is left out", async () => {
  const { as, events, policy } = await start({ isRecordedElsewhere: ({ name }) => name === "Increment" });
  await expect(as("vic").increment({})).rejects.toThrow("asks for the role");
  await as("ada").increment({});
  policy[Symbol.dispose]();
  expect(events).toEqual([]);
});

test("hostile callers with ever new names cannot make an event each without end", async () => {
  const { as, events, policy } = await start();
  await Promise.all(
    Array.from({ length: 600 }, (_, i) =>
      as(`v${i}`)
        .increment({})
        .catch(() => {}),
    ),
  );
  const alone = events.length;
  policy[Symbol.dispose]();
  expect(alone).toBe(512);
  expect(events.slice(alone).map(({ actor, payload }) => [actor, payload.calls])).toEqual([["several", 88]]);
});
