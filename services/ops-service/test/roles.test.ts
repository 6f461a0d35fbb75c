import { readdirSync } from "node:fs";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { Role, role as roleOption } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { RoleName } from "@bellwether/mesh/call/caller";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import {
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type DescService,
  getOption,
} from "@bufbuild/protobuf";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { removeLocalKeys, type SignInHarness, startSignIn } from "./sign-in-harness.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** The roles of callers that may call an RPC with each role. */
const MAY: Readonly<Record<number, readonly RoleName[]>> = {
  [Role.VIEWER]: ["viewer", "analyst", "admin", "service"],
  [Role.ANALYST]: ["analyst", "admin", "service"],
  [Role.ADMIN]: ["admin"],
  [Role.SERVICE]: ["service"],
  [Role.RUNNER]: ["admin", "service"],
};
const ROLES: readonly RoleName[] = ["viewer", "analyst", "admin", "service"];
const PERSON_ROLES = ["viewer", "analyst", "admin"] as const;
const KEY_ROLES = { viewer: Role.VIEWER, analyst: Role.ANALYST, admin: Role.ADMIN, service: Role.SERVICE };

const GENERATED = new URL("../../../gen/bellwether/ops/v1/", import.meta.url);

/** Every RPC of every service that ops-service has, so that a new service is not forgotten. */
const files = readdirSync(GENERATED).filter((name) => name.endsWith("_service_pb.ts"));
const modules: readonly object[] = await Promise.all(files.map((name) => import(new URL(name, GENERATED).href)));
const services = [...modules.flatMap((module): unknown[] => Object.values(module)).filter(isService), InferenceService];
const methods = services.flatMap((service): DescMethod[] => [...service.methods]);

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}

let cluster: PostgresCluster;
let harness: SignInHarness;
let transport: Transport;
beforeAll(async () => {
  cluster = await startPostgresCluster();
  harness = await startSignIn(await cluster.createDatabase());
  transport = createGrpcTransport({ baseUrl: harness.ops.grpcUrl });
});
afterAll(async () => {
  await harness?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await removeLocalKeys();
});

/** Calls an RPC with an empty request. Returns whether its role is missing; every other end counts as allowed. */
async function isAllowed(method: DescMethod, headers: HeadersInit): Promise<boolean> {
  const ended = new AbortController();
  try {
    if (method.methodKind === "unary") {
      await transport.unary(method as DescMethodUnary, ended.signal, 10_000, headers, {});
    } else {
      const empty = (async function* () {
        yield {};
      })();
      const answer = await transport.stream(method as DescMethodStreaming, ended.signal, 10_000, headers, empty);
      for await (const _ of answer.message) break;
    }
    return true;
  } catch (error) {
    const reason = ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason;
    expect(reason, method.name).not.toMatch(/^(CREDENTIALS|TOKEN|SESSION|KEY|CROSS)/);
    return reason !== "ROLE_MISSING";
  } finally {
    ended.abort();
  }
}

async function expectAsDeclared(role: RoleName, headers: HeadersInit): Promise<void> {
  const allowed: Record<string, boolean> = {};
  for (const method of methods) allowed[method.name] = await isAllowed(method, headers);
  const declared = Object.fromEntries(
    methods.map((method) => [method.name, MAY[getOption(method, roleOption)]?.includes(role) ?? false]),
  );
  expect(allowed).toEqual(declared);
}

test("the services are found", () => {
  expect(services.length).toBeGreaterThan(6);
  expect(methods.length).toBeGreaterThan(30);
});

test.each(ROLES)("with a token of the role %s, exactly the declared RPCs are allowed", async (role) => {
  await expectAsDeclared(role, { authorization: `Bearer ${await harness.token("ada", [role])}` });
});

test.each(PERSON_ROLES)("with a session of the role %s, exactly the declared RPCs are allowed", async (role) => {
  const browser = await harness.browserWithToken("ada", [role]);
  const { webUrl, grpcUrl } = harness.ops;
  await expectAsDeclared(role, { cookie: browser.cookieHeader(webUrl), origin: grpcUrl });
});

test.each(ROLES)("with an API key of the role %s, exactly the declared RPCs are allowed", async (role) => {
  const admin = { headers: { authorization: `Bearer ${await harness.token("root", ["admin"])}` } };
  const { secret } = await createClient(ApiKeyService, transport).createApiKey(
    { name: role, role: KEY_ROLES[role] },
    admin,
  );
  await expectAsDeclared(role, { authorization: `Bearer ${secret}` });
});
