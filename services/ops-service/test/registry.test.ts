import {
  ModelPublishingService,
  type SetAliasRequest,
} from "@bellwether/gen/bellwether/registry/v1/model_publishing_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ShadowService } from "@bellwether/gen/bellwether/registry/v1/shadow_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { ON_BEHALF_HEADER } from "@bellwether/mesh/auth/on-behalf";
import { type Route, route } from "@bellwether/mesh/call/route";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { OpsServiceConfig } from "../src/service.ts";
import { failureOf, startOps } from "./ops-harness.ts";
import { removeLocalKeys, startSignIn } from "./sign-in-harness.ts";

let cluster: PostgresServer;
let databaseUrl = "";
beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
});
afterAll(async () => {
  await removeLocalKeys();
  await cluster?.[Symbol.asyncDispose]();
});

/** What a stand-in for another service has received: the authorization and the person of each call. */
interface Received {
  readonly authorization: string | null;
  readonly person: string | null;
  readonly request?: SetAliasRequest;
}

/** Starts a server with the routes of a test. Returns its URL. */
async function standIn(routes: readonly Route[]): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = await startServer({
    name: "stand-in",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes,
    errors: {},
    logger: createLogger({ name: "stand-in", level: "silent" }),
  });
  onTestFinished(() => server.stop());
  return { url: `http://127.0.0.1:${server.addresses.grpc.port}`, stop: server.stop };
}

/** Starts scheduler-service as far as SetAlias needs it. `answer` may throw. */
async function standInScheduler(answer: (request: SetAliasRequest) => void = () => {}) {
  const received: Received[] = [];
  const { url, stop } = await standIn([
    route(ModelPublishingService, {
      setAlias(request, { requestHeader }) {
        received.push({
          authorization: requestHeader.get("authorization"),
          person: requestHeader.get(ON_BEHALF_HEADER),
          request,
        });
        answer(request);
        return { alias: { name: request.alias, version: request.version } };
      },
    }),
  ]);
  return { url, stop, received };
}

const MOVE = { alias: "champion", version: "v3", reason: "better", expectedVersion: "v2" };
const reasonOf = (error: ConnectError): string | undefined => error.findDetails(ErrorInfoSchema)[0]?.reason;

/** Starts ops-service without authentication. */
async function openOps(over: Partial<OpsServiceConfig>) {
  const ops = await startOps(databaseUrl, over);
  onTestFinished(() => ops[Symbol.asyncDispose]());
  const transport = createGrpcTransport({ baseUrl: ops.grpcUrl });
  return {
    ops,
    registry: createClient(ModelRegistryService, transport),
    publishing: createClient(ModelPublishingService, transport),
    shadow: createClient(ShadowService, transport),
  };
}

/** Starts ops-service with people who sign in, and with credentials of its own. */
async function openSignIn(schedulerUrl: string) {
  const people = await startSignIn(databaseUrl, { schedulerUrl, calls: { token: () => "of-ops-service" } });
  onTestFinished(() => people[Symbol.asyncDispose]());
  const { webUrl } = people.ops;
  return {
    people,
    /** A client with the session of a person. */
    async session(subject: string, role: "viewer" | "analyst" | "admin") {
      const browser = await people.browserWithToken(subject, [role]);
      const headers = { cookie: browser.cookieHeader(webUrl), origin: webUrl };
      const client = createClient(
        ModelPublishingService,
        createConnectTransport({ baseUrl: webUrl, httpVersion: "1.1" }),
      );
      return (move = MOVE) => client.setAlias(move, { headers });
    },
  };
}

test("reads of the registry and the comparison are forwarded, with the errors of ml-service", async () => {
  const ml = await standIn([
    route(ModelRegistryService, {
      listVersions: ({ modelName, pageToken }) => {
        if (pageToken !== "") throw rpcError(Code.InvalidArgument, "PAGE_TOKEN", "the token is from another list");
        return { versions: [{ modelName, version: "v3" }] };
      },
      getVersion: ({ version }) => ({ version: { version }, modelCard: "# Card" }),
      listAliases: () => ({ aliases: [{ name: "champion", version: "v3" }] }),
      listProductionHistory: ({ allAliases }) => ({ moves: [{ alias: allAliases ? "challenger" : "champion" }] }),
      getReplicaStatus: () => ({ replica: "ml:1", servedVersion: "v3" }),
    }),
    route(ShadowService, { getShadowComparison: () => ({ replica: "ml:1", share: 0.25 }) }),
  ]);
  const { registry, shadow } = await openOps({ mlUrl: ml.url });
  expect((await registry.listVersions({ modelName: "risk" })).versions).toMatchObject([{ modelName: "risk" }]);
  expect((await registry.getVersion({ version: "v2" })).modelCard).toBe("# Card");
  expect((await registry.listAliases({})).aliases).toMatchObject([{ version: "v3" }]);
  expect((await registry.listProductionHistory({ allAliases: true })).moves).toMatchObject([{ alias: "challenger" }]);
  expect(await registry.getReplicaStatus({})).toMatchObject({ replica: "ml:1", servedVersion: "v3" });
  expect((await shadow.getShadowComparison({})).share).toBe(0.25);
  const failed = await failureOf(registry.listVersions({ pageToken: "x" }));
  expect([failed.code, reasonOf(failed), failed.rawMessage]).toEqual([
    Code.InvalidArgument,
    "PAGE_TOKEN",
    "the token is from another list",
  ]);
});

test("without ml-service the reads are UNAVAILABLE, with a delay", async () => {
  const ml = await standIn([]);
  await ml.stop();
  const { registry } = await openOps({ mlUrl: ml.url });
  const failed = await failureOf(registry.listAliases({}));
  expect([failed.code, reasonOf(failed)]).toEqual([Code.Unavailable, "MODEL_SERVICE_UNAVAILABLE"]);
});

describe("SetAlias", () => {
  test("is forwarded as it is, and an alias that somebody else has moved is ABORTED with who did so", async () => {
    const scheduler = await standInScheduler(({ version }) => {
      if (version !== "v3")
        throw rpcError(Code.Aborted, "ALIAS_MOVED", "champion points at v4", { metadata: { moved_by: "grace" } });
    });
    const { publishing } = await openOps({ schedulerUrl: scheduler.url });
    expect((await publishing.setAlias(MOVE)).alias).toMatchObject({ name: "champion", version: "v3" });
    expect(scheduler.received).toMatchObject([{ authorization: null, person: null, request: MOVE }]);
    const failed = await failureOf(publishing.setAlias({ ...MOVE, version: "v9" }));
    expect([failed.code, reasonOf(failed)]).toEqual([Code.Aborted, "ALIAS_MOVED"]);
    expect(failed.findDetails(ErrorInfoSchema)[0]?.metadata.moved_by).toBe("grace");
  });

  test("of an invalid request never leaves this service", async () => {
    const scheduler = await standInScheduler();
    const { publishing } = await openOps({ schedulerUrl: scheduler.url });
    for (const wrong of [{ alias: "best" }, { version: "" }, { reason: "" }, { reason: "a\nb" }]) {
      expect((await failureOf(publishing.setAlias({ ...MOVE, ...wrong }))).code).toBe(Code.InvalidArgument);
    }
    expect(scheduler.received).toEqual([]);
  });

  test("in a session of an administrator is made in the person's name, with the credentials of ops-service", async () => {
    const scheduler = await standInScheduler();
    const { session } = await openSignIn(scheduler.url);
    const setAlias = await session("grün", "admin");
    expect((await setAlias()).alias?.version).toBe("v3");
    expect(scheduler.received).toMatchObject([{ authorization: "Bearer of-ops-service", person: "gr%C3%BCn" }]);
  });

  test("in a session of anybody else is denied before it leaves, whatever ops-service may do", async () => {
    const scheduler = await standInScheduler();
    const { session } = await openSignIn(scheduler.url);
    for (const role of ["viewer", "analyst"] as const) {
      const setAlias = await session(`a-${role}`, role);
      const failed = await failureOf(setAlias());
      expect([role, failed.code, reasonOf(failed)]).toEqual([role, Code.PermissionDenied, "ROLE_MISSING"]);
    }
    expect(scheduler.received).toEqual([]);
  });

  test("with a token is made with that token", async () => {
    const scheduler = await standInScheduler();
    const { people } = await openSignIn(scheduler.url);
    const authorization = `Bearer ${await people.token("ada", ["admin"])}`;
    const client = createClient(ModelPublishingService, createGrpcTransport({ baseUrl: people.ops.grpcUrl }));
    await client.setAlias(MOVE, { headers: { authorization } });
    expect(scheduler.received).toMatchObject([{ authorization, person: null }]);
  });

  test("with the right of the other alias is denied before it leaves", async () => {
    const scheduler = await standInScheduler();
    const { people } = await openSignIn(scheduler.url);
    const authorization = `Bearer ${await people.token("trainer", ["viewer", "promote:challenger"])}`;
    const client = createClient(ModelPublishingService, createGrpcTransport({ baseUrl: people.ops.grpcUrl }));
    const failed = await failureOf(client.setAlias(MOVE, { headers: { authorization } }));
    expect([failed.code, reasonOf(failed)]).toEqual([Code.PermissionDenied, "ROLE_MISSING"]);
    expect(scheduler.received).toEqual([]);
    await client.setAlias({ ...MOVE, alias: "challenger" }, { headers: { authorization } });
    expect(scheduler.received).toHaveLength(1);
  });

  test("that scheduler-service denies ops-service names the right that ops-service needs", async () => {
    const scheduler = await standInScheduler(() => {
      throw rpcError(Code.PermissionDenied, "ROLE_MISSING", 'this asks for the right "promote:champion"');
    });
    const { session, people } = await openSignIn(scheduler.url);
    const setAlias = await session("grace", "admin");
    const failed = await failureOf(setAlias());
    expect([failed.code, reasonOf(failed)]).toEqual([Code.FailedPrecondition, "ALIAS_NOT_GRANTED"]);
    expect(failed.rawMessage).toContain('the right "promote:champion"');
    // The error about the caller's own token is the caller's.
    const authorization = `Bearer ${await people.token("ada", ["admin"])}`;
    const client = createClient(ModelPublishingService, createGrpcTransport({ baseUrl: people.ops.grpcUrl }));
    const own = await failureOf(client.setAlias(MOVE, { headers: { authorization } }));
    expect([own.code, reasonOf(own)]).toEqual([Code.PermissionDenied, "ROLE_MISSING"]);
  });

  test("without scheduler-service says whether it is not known or does not answer", async () => {
    const unknown = await openOps({});
    const failed = await failureOf(unknown.publishing.setAlias(MOVE));
    expect([failed.code, reasonOf(failed)]).toEqual([Code.FailedPrecondition, "SCHEDULER_SERVICE_UNKNOWN"]);
    const scheduler = await standInScheduler();
    await scheduler.stop();
    const away = await openOps({ schedulerUrl: scheduler.url });
    const later = await failureOf(away.publishing.setAlias(MOVE));
    expect([later.code, reasonOf(later)]).toEqual([Code.Unavailable, "SCHEDULER_SERVICE_UNAVAILABLE"]);
  });
});
