import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import {
  collect,
  type EchoClient,
  type EchoServer,
  echoClient,
  LISTENER_CLIENTS,
  startEcho,
  streamOf,
} from "@bellwether/testing/echo/start-echo";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CredentialSource } from "../auth/credential-source.ts";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER, type LocalKeyFiles } from "../auth/local-keys.ts";
import { readPublicKeys } from "../auth/public-keys.ts";
import type { Caller, RoleName } from "../call/caller.ts";
import { route } from "../call/route.ts";
import { rpcError } from "../errors/rpc-error.ts";
import type { AuthSettings } from "./authentication.ts";

let folder = "";
let keys: LocalKeyFiles;
let strangers: LocalKeyFiles;
let echo: EchoServer;

const makeKeys = (name: string): Promise<LocalKeyFiles> => createLocalKeys(path.join(folder, name));

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-auth-"));
  keys = await makeKeys("keys");
  strangers = await makeKeys("strangers");
  const tokens = {
    keys: await readPublicKeys(keys.publicKeysFile),
    issuer: LOCAL_ISSUER,
    audience: LOCAL_AUDIENCE,
    rolesClaim: "roles",
  };
  const auth: AuthSettings = { tokens, identities: {} };
  echo = await startEcho({ auth });
});
afterAll(async () => {
  await echo?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function tokenFor(roles: readonly RoleName[], lifetimeS = 60, from = keys): Promise<string> {
  return issueToken(from.privateKeyFile, { subject: "ada", roles, lifetimeS });
}

/** The RPCs of the echo service that both listeners can carry, with the role that each contract requires. */
const CALLS: Readonly<Record<string, (client: EchoClient, headers: HeadersInit) => Promise<unknown>>> = {
  viewer: (client, headers) => client.echo({ id: "x" }, { headers }),
  "viewer (streaming)": (client, headers) => collect(client.count({ to: 1 }, { headers })),
  "viewer (client streaming)": (client, headers) => client.sum(streamOf({ number: 1 }), { headers }),
  analyst: (client, headers) => client.increment({}, { headers }),
  service: (client, headers) => client.measure({}, { headers }),
};

async function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "OK",
    (error) => Code[ConnectError.from(error).code] ?? "?",
  );
}

describe.each(Object.entries(LISTENER_CLIENTS))("the %s listener", (_, transport) => {
  let client: EchoClient;
  beforeAll(() => {
    client = echoClient(transport(echo));
  });
  const all = async (headers: HeadersInit) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(CALLS).map(async ([name, call]) => [name, await outcome(call(client, headers))]),
      ),
    );
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it.each([
    ["viewer", { viewer: "OK", analyst: "PermissionDenied", service: "PermissionDenied" }],
    ["analyst", { viewer: "OK", analyst: "OK", service: "PermissionDenied" }],
    ["admin", { viewer: "OK", analyst: "OK", service: "PermissionDenied" }],
    ["service", { viewer: "OK", analyst: "OK", service: "OK" }],
  ] as const)("lets a %s do what it may", async (role, expected) => {
    const streaming = { "viewer (streaming)": expected.viewer, "viewer (client streaming)": expected.viewer };
    expect(await all(bearer(await tokenFor([role])))).toEqual({ ...expected, ...streaming });
  });

  it.each([
    ["no token", async () => ({})],
    ["an expired token", async () => bearer(await tokenFor(["admin"], -60))],
    ["a token signed with an unknown key", async () => bearer(await tokenFor(["admin"], 60, strangers))],
    [
      "a token without a signature",
      async () => bearer(`${(await tokenFor(["admin"])).split(".").slice(0, 2).join(".")}.`),
    ],
    ["garbage", async () => bearer("x".repeat(5_000))],
    ["another scheme", async () => ({ authorization: "Basic YWRhOmFkYQ==" })],
  ])("rejects %s", async (_, headers) => {
    expect(new Set(Object.values(await all(await headers())))).toEqual(new Set(["Unauthenticated"]));
  });

  it("passes the caller to the handler", async () => {
    expect((await client.echo({ id: "x" }, { headers: bearer(await tokenFor(["viewer"])) })).caller).toBe("ada");
  });

  it("rejects a token that expires while it is remembered", async () => {
    const headers = bearer(await tokenFor(["viewer"], -3));
    expect(await outcome(client.echo({ id: "x" }, { headers }))).toBe("OK");
    await expect.poll(() => outcome(client.echo({ id: "x" }, { headers })), { timeout: 5_000 }).toBe("Unauthenticated");
  });
});

describe("a call that a service makes for a person", () => {
  const call = async (roles: readonly RoleName[], person: string) => {
    const transport = LISTENER_CLIENTS.gRPC?.(echo) ?? expect.fail();
    const headers = { authorization: `Bearer ${await tokenFor(roles)}`, "bellwether-on-behalf-of": person };
    return echoClient(transport).echo({ id: "x" }, { headers });
  };

  it("has the person as its caller", async () => {
    expect((await call(["service"], "gr%C3%BCn Gr%C3%BCn")).caller).toBe("grün");
  });

  it("is rejected from any other caller, and when the header is malformed", async () => {
    expect(await outcome(call(["admin"], "bob"))).toBe("PermissionDenied");
    expect(await outcome(call(["service"], "%zz"))).toBe("InvalidArgument");
  });
});

describe("a caller with a supplier scope", () => {
  it.each(Object.entries(LISTENER_CLIENTS))(
    "may call over %s what filters, or is bound to no supplier",
    async (_, transport) => {
      const scope = { regions: ["Europe"], categories: [] };
      const token = await issueToken(keys.privateKeyFile, { subject: "ada", roles: ["admin"], scope, lifetimeS: 60 });
      const [client, headers] = [echoClient(transport(echo)), { authorization: `Bearer ${token}` }];
      expect(await outcome(client.echo({ id: "x" }, { headers }))).toBe("OK");
      expect(await outcome(collect(client.count({ to: 1 }, { headers })))).toBe("OK");
      const denied = await client.increment({}, { headers }).then(
        () => expect.fail(),
        (error) => ConnectError.from(error),
      );
      expect([Code[denied.code], denied.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
        ...["PermissionDenied", "SUPPLIER_SCOPE"],
      ]);
    },
  );
});

describe("further credentials", () => {
  const source: CredentialSource = {
    identify(call) {
      const given = call.header("x-badge");
      if (given === undefined) return undefined;
      if (given === "late") return Promise.reject(rpcError(Code.Unauthenticated, "BADGE", "the badge is not valid"));
      const caller: Caller = { subject: given, roles: new Set(["viewer"]), via: "session" };
      return given === "slow" ? Promise.resolve(caller) : caller;
    },
  };

  it("are tried before the token, and identify the caller at once or later", async () => {
    await using other = await startEcho({ auth: { identities: {}, credentials: [source] } });
    for (const transport of Object.values(LISTENER_CLIENTS)) {
      const client = echoClient(transport(other));
      const headers = (badge: string) => ({ headers: { "x-badge": badge } });
      expect((await client.echo({ id: "x" }, headers("quick"))).caller).toBe("quick");
      expect((await client.echo({ id: "x" }, headers("slow"))).caller).toBe("slow");
      expect(await outcome(client.increment({}, headers("quick")))).toBe("PermissionDenied");
      expect(await outcome(client.increment({}, headers("slow")))).toBe("PermissionDenied");
      expect(await outcome(client.echo({ id: "x" }, headers("late")))).toBe("Unauthenticated");
      expect(await outcome(client.echo({ id: "x" }))).toBe("Unauthenticated");
    }
  });
});

it("ends an open watch with UNAUTHENTICATED when its token expires", async () => {
  const tokens = { keys: { file: keys.publicKeysFile }, ...{ issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE } };
  const watch = route(AlertService, {
    async *watchAlerts(_, { signal }) {
      yield { sequence: 1n };
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  });
  await using other = await startEcho({
    ...{ routes: [watch], auth: { tokens: { ...tokens, rolesClaim: "roles" }, identities: {} } },
  });
  const { createClient } = await import("@connectrpc/connect");
  for (const transport of Object.values(LISTENER_CLIENTS)) {
    const headers = { authorization: `Bearer ${await tokenFor(["viewer"], 2)}` };
    const received: bigint[] = [];
    const reading = (async () => {
      for await (const { sequence } of createClient(AlertService, transport(other)).watchAlerts({}, { headers }))
        received.push(sequence);
    })();
    const error = await reading.then(
      () => undefined,
      (thrown) => ConnectError.from(thrown),
    );
    expect(error && [Code[error.code], error.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      ...["Unauthenticated", "TOKEN_EXPIRED"],
    ]);
    expect(received[0]).toBe(1n);
  }
});

it("answers probes without a token", async () => {
  const { createClient } = await import("@connectrpc/connect");
  const { Health } = await import("@bellwether/gen/grpc/health/v1/health_pb");
  for (const transport of Object.values(LISTENER_CLIENTS)) {
    expect(await outcome(createClient(Health, transport(echo)).check({}))).toBe("OK");
  }
});

it("does not start on an address that other machines can reach", async () => {
  await expect(startEcho({ host: "0.0.0.0" })).rejects.toThrow("echo would listen on 0.0.0.0 without authentication");
});

it("accepts tokens in clear text on an address that other machines can reach only when allowCleartext is set", async () => {
  const tokens = {
    keys: { file: keys.publicKeysFile },
    issuer: LOCAL_ISSUER,
    audience: LOCAL_AUDIENCE,
    rolesClaim: "roles",
  };
  await expect(startEcho({ host: "0.0.0.0", auth: { tokens, identities: {} } })).rejects.toThrow(
    /bearer tokens in clear text on 0\.0\.0\.0: .*BELLWETHER_AUTH_ALLOW_CLEARTEXT=true/,
  );
  await using open = await startEcho({ host: "0.0.0.0", auth: { tokens, identities: {}, allowCleartext: true } });
  const client = echoClient(LISTENER_CLIENTS.gRPC?.(open) ?? expect.fail());
  const authorization = `Bearer ${await tokenFor(["viewer"])}`;
  expect((await client.echo({ id: "x" }, { headers: { authorization } })).caller).toBe("ada");
});

it("logs that authentication is off", async () => {
  await using open = await startEcho();
  expect(open.logged.map((line) => line.msg)).toContain(
    "authentication is off: every process of this machine may do everything (docs/sign-in.md turns it on)",
  );
});
