import { ApiKeyService } from "@bellwether/gen/bellwether/ops/v1/api_key_service_pb";
import { Role } from "@bellwether/gen/bellwether/policy/v1/role_pb";
import { Health } from "@bellwether/gen/grpc/health/v1/health_pb";
import { ON_BEHALF_HEADER } from "@bellwether/mesh/auth/on-behalf";
import type { RoleName } from "@bellwether/mesh/call/caller";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import type { ServiceName } from "@bellwether/testing/service-process";
import type { DescMethod } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createBrowser } from "../../services/ops-service/test/test-browser.ts";
import { auditedDenials } from "./audited-denials.ts";
import { callOutcome } from "./call-outcome.ts";
import { type CallerKind, declaredOutcome, generatedServices, servedNames } from "./declared-roles.ts";
import { type StartedServices, startServices } from "./started-services.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const ROLES: readonly RoleName[] = ["viewer", "analyst", "admin", "service"];
const PERSON_ROLES: readonly RoleName[] = ["viewer", "analyst", "admin"];
const KEY_ROLES = { viewer: Role.VIEWER, analyst: Role.ANALYST, admin: Role.ADMIN, service: Role.SERVICE };
const SERVICES: readonly ServiceName[] = ["ops-service", "ml-service", "scheduler-service"];

/** RPCs that ops-service does not forward: rows in bulk and models are sent to ml-service and scheduler-service themselves. */
const NOT_FORWARDED = new Set([
  "bellwether.inference.v1.InferenceService/PredictStream",
  ...["PublishModel", "ImportModel", "RemoveVersion"].map(
    (name) => `bellwether.registry.v1.ModelPublishingService/${name}`,
  ),
]);

const PROTOCOLS = {
  gRPC: {
    baseUrl: (name: ServiceName) => started.services[name].grpc,
    transport: (baseUrl: string): Transport => createGrpcTransport({ baseUrl }),
    // Every RPC.
    canCall: (_method: DescMethod) => true,
  },
  Connect: {
    baseUrl: (name: ServiceName) => started.services[name].web,
    transport: (baseUrl: string): Transport => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
    // Streams in both directions need HTTP/2, which the web listener has under TLS only.
    canCall: ({ methodKind }: DescMethod) => methodKind !== "bidi_streaming",
  },
};

const contracts = await generatedServices();
let started: StartedServices;
/** The RPCs of each service, read by reflection, so that a service that is added later is tested too. */
const served = new Map<ServiceName, readonly DescMethod[]>();

beforeAll(async () => {
  started = await startServices();
  const headers = { authorization: `Bearer ${await started.token("ada", "viewer")}` };
  for (const name of SERVICES) {
    const names = await servedNames(createGrpcTransport({ baseUrl: started.services[name].grpc }), headers);
    const methods = names.flatMap((typeName): DescMethod[] => {
      const contract = contracts.get(typeName);
      if (!contract) throw new Error(`${name} has the service ${typeName}, which is not in gen/`);
      return contract.methods.filter(
        (method) => name !== "ops-service" || !NOT_FORWARDED.has(`${typeName}/${method.name}`),
      );
    });
    served.set(name, methods);
  }
});
afterAll(() => started?.[Symbol.asyncDispose]());

/** Calls without credentials are counted for a minute. */
const COUNTED_MS = 90_000;
/** How the audit log names callers without credentials. */
const UNKNOWN_CALLER = "unauthenticated";

test("every service of the contracts is served by a service, except the one of the tests", () => {
  const all = new Set([...served.values()].flat().map(({ parent }) => parent.typeName));
  const missing = [...contracts.keys()].filter((name) => !all.has(name));
  expect(missing).toEqual(["bellwether.echo.v1.EchoService"]);
});

const SCOPE = { regions: ["Europe"], categories: [] };

/** Calls every RPC of a service that a caller must not call. Returns the denied calls. */
async function makeDeniedCalls(
  name: ServiceName,
  caller: CallerKind,
  scope?: SupplierScope,
): Promise<readonly string[]> {
  const transport = createGrpcTransport({ baseUrl: started.services[name].grpc });
  const subject = `${caller} of ${name}${scope ? " with a scope" : ""}`;
  const headers = caller === "nobody" ? {} : { authorization: `Bearer ${await started.token(subject, caller, scope)}` };
  const declared = (method: DescMethod) => declaredOutcome(method, caller, scope !== undefined);
  // A denial for the role is the same with a scope.
  const isDenied = (method: DescMethod) =>
    scope ? declared(method) === "SUPPLIER_SCOPE" : declared(method) !== "allowed";
  const denied = (served.get(name) ?? []).filter(isDenied);
  for (const method of denied) expect(await callOutcome(transport, method, headers)).toBe(declared(method));
  const actor = caller === "nobody" ? UNKNOWN_CALLER : subject;
  return denied.map((method) => `${actor} ${method.parent.typeName}/${method.name}`);
}

/** Expects denied calls in the audit log of ops-service. */
async function expectAudited(denied: readonly string[], timeout: number): Promise<void> {
  const transport = createGrpcTransport({ baseUrl: started.services["ops-service"].grpc });
  const headers = { authorization: `Bearer ${await started.token("auditor", "admin")}` };
  const missing = async () => {
    const audited = await auditedDenials(transport, headers);
    return denied.filter((call) => !audited.has(call));
  };
  await expect.poll(missing, { timeout, interval: 500 }).toEqual([]);
}

/** Calls without credentials, which the first test makes and the last one finds: their counts take a minute. */
const withoutCredentials: string[] = [];

// First: the audit policy records at most 512 kinds of calls in a minute one by one, and the tests below make more.
test("every denied call of every RPC is in the audit log, with its caller", async () => {
  const denied: string[] = [];
  for (const name of SERVICES) {
    withoutCredentials.push(...(await makeDeniedCalls(name, "nobody")));
    for (const role of ROLES) denied.push(...(await makeDeniedCalls(name, role)));
    for (const role of PERSON_ROLES) denied.push(...(await makeDeniedCalls(name, role, SCOPE)));
  }
  expect(denied.length).toBeGreaterThan(100);
  await expectAudited(denied, 20_000);
});

const cases = SERVICES.flatMap((name) => Object.entries(PROTOCOLS).map(([protocol, how]) => ({ name, protocol, how })));

describe.each(cases)("$name over $protocol allows exactly the declared RPCs", ({ name, how }) => {
  const expectAsDeclared = async (caller: CallerKind, headers: HeadersInit, hasScope = false): Promise<void> => {
    const transport = how.transport(how.baseUrl(name));
    const methods = (served.get(name) ?? []).filter(how.canCall);
    expect(methods.length).toBeGreaterThan(Health.methods.length);
    const byName = async (outcome: (method: DescMethod) => unknown): Promise<Record<string, unknown>> => {
      const found: Record<string, unknown> = {};
      for (const method of methods) found[`${method.parent.typeName}/${method.name}`] = await outcome(method);
      return found;
    };
    const outcomes = await byName((method) => callOutcome(transport, method, headers));
    expect(outcomes).toEqual(await byName((method) => declaredOutcome(method, caller, hasScope)));
  };

  test("without credentials", () => expectAsDeclared("nobody", {}));

  test.each(ROLES)("with a token of the role %s", async (role) => {
    await expectAsDeclared(role, { authorization: `Bearer ${await started.token("ada", role)}` });
  });

  test.each(ROLES)("with an API key of the role %s", async (role) => {
    const authorization = `Bearer ${await createKey(role)}`;
    await expect
      .poll(() => isKnown(how.transport(how.baseUrl(name)), name, authorization), { timeout: 60_000 })
      .toBe(true);
    await expectAsDeclared(role, { authorization });
  });

  test.each(PERSON_ROLES)("with a token of the role %s and a scope", async (role) => {
    await expectAsDeclared(role, { authorization: `Bearer ${await started.token("ada", role, SCOPE)}` }, true);
  });

  test.each(PERSON_ROLES)("with an API key of the role %s and a scope", async (role) => {
    const authorization = `Bearer ${await createKey(role, SCOPE)}`;
    await expect
      .poll(() => isKnown(how.transport(how.baseUrl(name)), name, authorization), { timeout: 60_000 })
      .toBe(true);
    await expectAsDeclared(role, { authorization }, true);
  });

  test("with the token of a service that calls for a person", async () => {
    const authorization = `Bearer ${await started.token("ops", "service")}`;
    await expectAsDeclared("service", { authorization, [ON_BEHALF_HEADER]: "ada Ada%20Lovelace" });
  });
});

/** Sessions are accepted by ops-service only. */
describe.each(Object.entries(PROTOCOLS))("a session over %s allows exactly the declared RPCs", (_, how) => {
  const persons = PERSON_ROLES.flatMap((role) => [
    { role, has: "no scope", scope: undefined },
    { role, has: "a scope", scope: SCOPE },
  ]);
  test.each(persons)("of the role $role with $has", async ({ role, scope }) => {
    const browser = createBrowser();
    const url = started.services["ops-service"].web;
    const signedIn = await browser.fetch(`${url}/auth/token`, {
      method: "POST",
      body: JSON.stringify({ token: await started.token("ada", role, scope) }),
      headers: { "content-type": "application/json" },
    });
    expect(signedIn.status).toBe(200);
    const baseUrl = how.baseUrl("ops-service");
    const transport = how.transport(baseUrl);
    const headers = { cookie: browser.cookieHeader(url), origin: baseUrl };
    for (const method of (served.get("ops-service") ?? []).filter(how.canCall)) {
      const outcome = await callOutcome(transport, method, headers);
      expect([method.name, outcome]).toEqual([method.name, declaredOutcome(method, role, scope !== undefined)]);
    }
  });
});

// Last: by then, most counts are recorded.
test("every call without credentials is counted in the audit log", async () => {
  expect(withoutCredentials.length).toBeGreaterThan(100);
  await expectAudited(withoutCredentials, COUNTED_MS);
});

let keys = 0;
async function createKey(role: RoleName, scope?: SupplierScope): Promise<string> {
  const transport = createGrpcTransport({ baseUrl: started.services["ops-service"].grpc });
  const headers = { authorization: `Bearer ${await started.token("root", "admin")}` };
  const request = {
    ...{ name: `${role} ${++keys}`, role: KEY_ROLES[role as keyof typeof KEY_ROLES] },
    ...(scope && { scope: { regions: [...scope.regions], categories: [...scope.categories] } }),
  };
  return (await createClient(ApiKeyService, transport).createApiKey(request, { headers })).secret;
}

/** Whether a service has the key in its list of accepted keys. */
async function isKnown(transport: Transport, name: ServiceName, authorization: string): Promise<boolean> {
  const unary = (served.get(name) ?? []).find(
    ({ methodKind, parent }) => methodKind === "unary" && parent.typeName !== Health.typeName,
  );
  if (!unary) throw new Error(`${name} has no RPC`);
  return callOutcome(transport, unary, { authorization }).then(
    () => true,
    () => false,
  );
}
