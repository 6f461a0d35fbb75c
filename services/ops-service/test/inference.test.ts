import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createLocalKeys, issueToken, LOCAL_AUDIENCE, LOCAL_ISSUER } from "@bellwether/mesh/auth/local-keys";
import { readPublicKeys } from "@bellwether/mesh/auth/public-keys";
import { route } from "@bellwether/mesh/call/route";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { Code, createClient, type ServiceImpl } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, type OpsHarness, startOps } from "./ops-harness.ts";
import { removeLocalKeys, startSignIn } from "./sign-in-harness.ts";

let folder = "";
let cluster: PostgresServer;
let databaseUrl = "";
/** ml-service and ops-service both require a token; ops-service has no token of its own. */
let ml: ServiceProcess;
let ops: OpsHarness;
let headers: { authorization: string };
let signingKey = "";

const tokenOf = async (signer: string): Promise<string> =>
  issueToken(signer, { subject: "ada", roles: ["viewer"], lifetimeS: 300 });
const keysIn = async (name: string) => createLocalKeys(path.join(folder, name));

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "ops-inference-"));
  const models = path.join(folder, "models");
  const [keys] = await Promise.all([keysIn("keys"), publishDemoModel(models)]);
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  ml = await startService("ml-service", {
    MODEL_REGISTRY_URL: `file:${models}`,
    BELLWETHER_AUTH_JWKS_FILE: keys.publicKeysFile,
  });
  const tokens = {
    keys: await readPublicKeys(keys.publicKeysFile),
    issuer: LOCAL_ISSUER,
    audience: LOCAL_AUDIENCE,
    rolesClaim: "roles",
  };
  ops = await startOps(databaseUrl, { mlUrl: ml.grpc, auth: { tokens, identities: {} } });
  signingKey = keys.privateKeyFile;
  headers = { authorization: `Bearer ${await tokenOf(keys.privateKeyFile)}` };
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await ml?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const { features, categories, text } = demoSupplier(1);
const supplier = { supplierId: "S_1", features, categories, contractText: text };
const clientsOf = ({ grpcUrl, webUrl }: OpsHarness) => [
  createClient(InferenceService, createGrpcTransport({ baseUrl: grpcUrl })),
  createClient(InferenceService, createConnectTransport({ baseUrl: webUrl, httpVersion: "1.1" })),
];
const mlClient = () => createClient(InferenceService, createGrpcTransport({ baseUrl: ml.grpc }));

/** Starts a second ops-service on the same database, which accepts every caller. */
async function openOps(over: Parameters<typeof startOps>[1]): Promise<OpsHarness> {
  const harness = await startOps(databaseUrl, { logger: createLogger({ name: "ops", level: "silent" }), ...over });
  onTestFinished(() => harness[Symbol.asyncDispose]());
  return harness;
}

/** Starts a server of InferenceService with the responses that a test defines. */
async function standIn(handlers: Partial<ServiceImpl<typeof InferenceService>>, port = 0) {
  const server = await startServer({
    name: "stand-in",
    ports: { grpc: port, web: 0, admin: 0 },
    routes: [route(InferenceService, handlers)],
    errors: {},
    logger: createLogger({ name: "stand-in", level: "silent" }),
  });
  onTestFinished(() => server.stop());
  return { port: server.addresses.grpc.port, url: `http://127.0.0.1:${server.addresses.grpc.port}`, stop: server.stop };
}

test("both listeners return ml-service's score and explanation, requested with the caller's own token", async () => {
  const { score } = await mlClient().predict({ supplier }, { headers });
  const parts = await Array.fromAsync(mlClient().explain({ supplier, withNarrative: true }, { headers }));
  for (const client of clientsOf(ops)) {
    const answer = await client.predict({ supplier }, { headers });
    expect(answer.score).toEqual({ ...score, predictionId: answer.score?.predictionId });
    const explained = await Array.fromAsync(client.explain({ supplier, withNarrative: true }, { headers }));
    expect(explained.slice(1)).toEqual(parts.slice(1));
  }
});

test("both listeners return ml-service's counterfactuals and their errors", async () => {
  const own = await mlClient().counterfactual({ supplier }, { headers });
  for (const client of clientsOf(ops)) {
    const answer = await client.counterfactual({ supplier }, { headers });
    expect([answer.outcome, answer.summary, answer.fixedFeatures]).toEqual([
      own.outcome,
      own.summary,
      own.fixedFeatures,
    ]);
    expect(answer.counterfactuals.map(({ changes, cost }) => ({ changes, cost }))).toEqual(
      own.counterfactuals.map(({ changes, cost }) => ({ changes, cost })),
    );
    const limits = [{ feature: "past_dispute", fixed: true }];
    const wrong = await failureOf(client.counterfactual({ supplier, limits }, { headers }));
    expect(wrong.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("limits[0].feature");
    expect((await failureOf(client.counterfactual({ supplier }))).code).toBe(Code.Unauthenticated);
  }
});

test("a missed week is recorded only of a model that has a run or a version", async () => {
  const runner = await issueToken(signingKey, { subject: "scheduler", roles: ["service"], lifetimeS: 300 });
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  const record = (modelName: string) =>
    batch.recordMissedWeek(
      { isoWeek: "2026-W30", modelName, reason: "no file" },
      { headers: { authorization: `Bearer ${runner}` } },
    );
  expect((await record("supplier-risk")).run).toMatchObject({ missedReason: "no file" });
  for (const name of ["no-such-model", "two\nlines"]) {
    const unknown = await failureOf(record(name));
    expect([unknown.code, unknown.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.NotFound, "MODEL_NOT_FOUND"]);
  }
  const away = await openOps({ mlUrl: "http://127.0.0.1:1" });
  const other = createClient(BatchService, createGrpcTransport({ baseUrl: away.grpcUrl }));
  // This model has a run already, so the registry is not asked.
  const known = { isoWeek: "2026-W31", modelName: "supplier-risk", reason: "no file" };
  expect((await other.recordMissedWeek(known)).run).toMatchObject({ isoWeek: "2026-W31" });
  const error = await failureOf(other.recordMissedWeek({ ...known, modelName: "no-such-model" }));
  expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe("MODEL_SERVICE_UNAVAILABLE");
});

test("the REST paths of the earlier monolith answer as those of ml-service do", async () => {
  const body = JSON.stringify({ supplier_id: "S_1", ...features, ...categories, contract_text: text });
  for (const path of ["/predict", "/explain"]) {
    const [own, passedOn] = await Promise.all(
      [ml.web, ops.webUrl].map((url) => fetch(`${url}${path}`, { method: "POST", body, headers })),
    );
    expect(passedOn?.status).toBe(200);
    expect(passedOn?.headers.get("content-type")).toBe(own?.headers.get("content-type"));
    const plain = async (response?: Response) =>
      (await response?.text())?.replaceAll(/"prediction_id":"[^"]+"/g, '"prediction_id":""');
    expect(await plain(passedOn)).toBe(await plain(own));
  }
  const rejected = await fetch(`${ops.webUrl}/predict`, { method: "POST", body: '{"delay":[1]}', headers });
  expect([rejected.status, await rejected.json()]).toMatchObject([400, { message: expect.stringContaining("a list") }]);
});

test("errors of ml-service are returned with their code, text and details", async () => {
  const wrong = { ...supplier, features: { past_dispute: 1 } };
  for (const client of clientsOf(ops)) {
    const unknown = await failureOf(client.predict({ supplier: wrong }, { headers }));
    expect([unknown.code, unknown.rawMessage]).toEqual([
      Code.InvalidArgument,
      expect.stringContaining('did you mean "past_disputes"'),
    ]);
    expect(unknown.findDetails(ErrorInfoSchema)[0]?.reason).toBe("FEATURE_UNKNOWN");
    expect(unknown.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("supplier.features.past_dispute");
    const model = { modelVersion: "v99" };
    const explained = Array.fromAsync(client.explain({ supplier, model }, { headers }));
    // A viewer may name the versions of aliases only, so it does not learn which others exist.
    expect((await failureOf(explained)).code).toBe(Code.PermissionDenied);
    expect((await failureOf(client.predictBatch({ supplierIds: ["a"] }, { headers }))).code).toBe(Code.Unimplemented);
    expect((await failureOf(client.predict({ supplier }))).code).toBe(Code.Unauthenticated);
  }
});

test("for a caller without a token, the service uses its own credentials, and their errors do not reach the caller", async () => {
  const known = await openOps({ mlUrl: ml.grpc, calls: { token: () => headers.authorization.slice(7) } });
  // On a busy machine, the first call of a new service takes longer than the default deadline.
  for (const client of clientsOf(known))
    expect((await client.predict({ supplier }, { timeoutMs: 30_000 })).score?.supplierId).toBe("S_1");
  const strangers = await tokenOf((await keysIn("strangers")).privateKeyFile);
  const stranger = await openOps({ mlUrl: ml.grpc, calls: { token: () => strangers } });
  for (const client of clientsOf(stranger)) {
    const failure = await failureOf(client.predict({ supplier }, { headers }));
    expect([failure.code, failure.rawMessage]).toEqual([Code.Internal, "internal error"]);
  }
});

test("for a person with a session, the service uses its own credentials and names the person", async () => {
  const seen: (readonly [authorization: string | null, person: string | null])[] = [];
  const { url: mlUrl } = await standIn({
    predict(_request, { requestHeader }) {
      seen.push([requestHeader.get("authorization"), requestHeader.get("bellwether-on-behalf-of")]);
      return { score: { supplierId: "S_1" } };
    },
  });
  const people = await startSignIn(await cluster.createDatabase(), { mlUrl, calls: { token: () => "of-the-service" } });
  onTestFinished(() => people[Symbol.asyncDispose]());
  onTestFinished(removeLocalKeys);
  const browser = await people.browserWithToken("grün", ["viewer"]);
  const { webUrl } = people.ops;
  const body = JSON.stringify({ supplier_id: "S_1" });
  const json = { "content-type": "application/json" };
  expect((await browser.fetch(`${webUrl}/predict`, { method: "POST", body, headers: json })).status).toBe(200);
  const token = await people.token("ada", ["viewer"]);
  const own = { ...json, authorization: `Bearer ${token}` };
  expect((await fetch(`${webUrl}/predict`, { method: "POST", body, headers: own })).status).toBe(200);
  expect(seen).toEqual([
    ["Bearer of-the-service", "gr%C3%BCn"],
    [`Bearer ${token}`, null],
  ]);
});

test("without ml-service, its RPCs are UNAVAILABLE with one line and all others are served, until it is back", async () => {
  const gone = await standIn({});
  await gone.stop();
  const alone = await openOps({ mlUrl: gone.url });
  const line =
    "ml-service does not answer: scores and explanations are not available until it does; all other calls are";
  for (const client of clientsOf(alone))
    for (const call of [() => client.predict({ supplier }), () => Array.fromAsync(client.explain({ supplier }))]) {
      const failure = await failureOf(call());
      expect([failure.code, failure.rawMessage]).toEqual([Code.Unavailable, line]);
      expect(failure.findDetails(ErrorInfoSchema)[0]?.reason).toBe("MODEL_SERVICE_UNAVAILABLE");
      expect(failure.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds).toBe(1n);
    }
  expect((await fetch(`${alone.webUrl}/predict`, { method: "POST", body: '{"supplier_id":"S_1"}' })).status).toBe(503);
  expect(await alone.alerts.listAlerts({})).toMatchObject({ alerts: [] });
  await standIn({ predict: () => ({ score: { supplierId: "S_1" } }) }, gone.port);
  const [client] = clientsOf(alone);
  const found = async () => expect((await client?.predict({ supplier }))?.score?.supplierId).toBe("S_1");
  await vi.waitFor(found, { timeout: 10_000 });
});

test("a frozen ml-service is UNAVAILABLE, not a passed deadline with the text of the channel", async () => {
  // The connection is accepted, but nothing ever answers on it.
  const frozen = createServer(() => {});
  frozen.listen(0, "127.0.0.1");
  await once(frozen, "listening");
  const { port } = frozen.address() as AddressInfo;
  onTestFinished(() => void frozen.close());
  const alone = await openOps({ mlUrl: `http://127.0.0.1:${port}` });
  // Only the server knows the deadline, so the client cannot end the call first. On a busy machine the deadline of the
  // call can end before that of the forwarded one, which is 50 ms shorter, has been noticed.
  const deadline = { "grpc-timeout": "1000m", "connect-timeout-ms": "1000" };
  for (const client of clientsOf(alone))
    await vi.waitFor(
      async () => {
        const failure = await failureOf(client.predict({ supplier }, { headers: deadline }));
        expect(failure.code).toBe(Code.Unavailable);
        expect(failure.findDetails(ErrorInfoSchema)[0]?.reason).toBe("MODEL_SERVICE_UNAVAILABLE");
      },
      { timeout: 30_000 },
    );
}, 90_000);

test("the caller's deadline is forwarded, 50 ms shorter, and so is its cancellation", async () => {
  const seen: (number | undefined)[] = [];
  let left = 0;
  const { url: mlUrl } = await standIn({
    async predict(_request, { timeoutMs, signal }) {
      seen.push(timeoutMs());
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      left++;
      throw signal.reason;
    },
    async *explain(_request, { signal }) {
      yield { part: { case: "narrative", value: "first" } };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      left++;
    },
  });
  const slow = await openOps({ mlUrl });
  for (const client of clientsOf(slow)) {
    const late = await failureOf(client.predict({ supplier }, { timeoutMs: 2_000 }));
    expect(late.code).toBe(Code.DeadlineExceeded);
    const gone = new AbortController();
    const reading = (async () => {
      for await (const _ of client.explain({ supplier }, { signal: gone.signal })) gone.abort();
    })();
    expect((await failureOf(reading)).code).toBe(Code.Canceled);
  }
  expect(seen.every((ms) => ms !== undefined && ms <= 1_950 && ms > 0)).toBe(true);
  await vi.waitFor(() => expect(left).toBe(4), 30_000);
});
