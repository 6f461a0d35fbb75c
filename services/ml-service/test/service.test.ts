import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService, NarrativeSource } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  FeatureKind,
  ModelRegistryService,
  VersionOrigin,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { BadRequestSchema, ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { createLogger } from "@bellwether/telemetry/logger";
import {
  DEMO_FEATURES,
  DEMO_SPEC,
  demoSupplier,
  publishDemoModel,
  trainDemoModel,
} from "@bellwether/testing/demo-model";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createMlService } from "../src/service.ts";

type Service = Awaited<ReturnType<typeof createMlService>>;
const SLOWLY = { timeout: 60_000, interval: 20 };
let root = "";
let service: Service;
let web = "";
let grpc = "";
let mesh: ReturnType<typeof createMeshTransport>;

const config = () => ({
  host: "127.0.0.1",
  ports: { grpc: 0, web: 0, admin: 0 },
  registryRoot: root,
  defaultModel: DEMO_SPEC.name,
  pollMs: 20,
  logger: createLogger({ name: "ml-service", level: "silent" }),
});
const supplier = (i: number) => {
  const { features, categories, text } = demoSupplier(i);
  return { supplierId: `S_${i}`, features, categories, contractText: text };
};
const clients = () => ({
  grpc: createClient(InferenceService, createGrpcTransport({ baseUrl: grpc })),
  grpcJs: createClient(InferenceService, mesh),
  connect: createClient(InferenceService, createConnectTransport({ baseUrl: web, httpVersion: "1.1" })),
  json: createClient(
    InferenceService,
    createConnectTransport({ baseUrl: web, httpVersion: "1.1", useBinaryFormat: false }),
  ),
  grpcWeb: createClient(InferenceService, createGrpcWebTransport({ baseUrl: web, httpVersion: "1.1" })),
});
const failure = async (call: Promise<unknown>): Promise<ConnectError> => {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call succeeded");
};

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "ml-service-"));
  await publishDemoModel(root);
  service = await createMlService(config());
  web = `http://127.0.0.1:${service.addresses.web.port}`;
  grpc = `http://127.0.0.1:${service.addresses.grpc.port}`;
  mesh = createMeshTransport({ url: grpc });
});
afterAll(async () => {
  mesh[Symbol.dispose]();
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

test("every protocol on both listeners returns the same score, bit for bit", async () => {
  const scores = [];
  for (const client of Object.values(clients())) scores.push(await client.predict({ supplier: supplier(1) }));
  const first = scores[0]?.score;
  expect(first?.riskScore).toBeTypeOf("number");
  for (const { score } of scores) {
    expect(score?.riskScore).toBe(first?.riskScore);
    expect(score?.margin).toBe(first?.margin);
    expect(score?.topContributions).toEqual(first?.topContributions);
  }
  expect(first?.model).toMatchObject({
    name: DEMO_SPEC.name,
    version: "v1",
    runtime: expect.stringContaining("onnxruntime"),
  });
});

test("POST /predict of the earlier monolith returns that score too", async () => {
  const { features, categories, text } = demoSupplier(1);
  const response = await fetch(`${web}/predict`, {
    method: "POST",
    body: JSON.stringify({ supplier_id: "S_1", ...features, ...categories, contract_text: text }),
  });
  expect(response.status).toBe(200);
  const flat = (await response.json()) as { risk_score: number; band: string; top_features: unknown[] };
  expect(flat.risk_score).toBe((await clients().grpc.predict({ supplier: supplier(1) })).score?.riskScore);
  expect(flat.top_features).toHaveLength(5);
  expect(["low", "medium", "high"]).toContain(flat.band);
});

test("POST /explain streams one JSON message per line, base first", async () => {
  const { features, categories } = demoSupplier(2);
  const response = await fetch(`${web}/explain`, {
    method: "POST",
    body: JSON.stringify({ supplier_id: "S_2", ...features, ...categories }),
  });
  const lines = (await response.text())
    .trim()
    .split("\n")
    .map((line) => Object.keys(JSON.parse(line))[0]);
  expect(lines.slice(0, 3)).toEqual(["base", "contributions", "narrative"]);
  expect(lines.at(-1)).toBe("narrative_source");
});

test("POST /predict and POST /explain write warning codes as they did before the code was an enum", async () => {
  const body = JSON.stringify({ supplier_id: "S_3", ...demoSupplier(3).features, region: "Atlantis" });
  const post = (path: string) => fetch(`${web}${path}`, { method: "POST", body });
  const warning = { code: "UNKNOWN_CATEGORY", feature: "region" };
  expect(await (await post("/predict")).json()).toMatchObject({ warnings: [warning] });
  const [line = ""] = (await (await post("/explain")).text()).split("\n");
  expect(JSON.parse(line)).toMatchObject({ base: { score: { warnings: [warning] } } });
});

test("an explanation adds up to the score's margin", async () => {
  const parts = await Array.fromAsync(clients().grpc.explain({ supplier: supplier(4), withNarrative: true }));
  const base = parts.find((p) => p.part.case === "base")?.part.value;
  const list = parts.find((p) => p.part.case === "contributions")?.part.value;
  if (typeof base !== "object" || !("baseValue" in base) || typeof list !== "object" || !("contributions" in list))
    throw new Error("parts are missing");
  const sum = list.contributions.reduce((total, c) => total + c.contribution, base.baseValue);
  const margin = base.score?.margin ?? Number.NaN;
  expect(Math.abs(sum - margin)).toBeLessThan(1e-5 * Math.max(1, Math.abs(margin)));
  expect(parts.at(-1)?.part).toEqual({ case: "narrativeSource", value: NarrativeSource.TEMPLATE });
});

test("a batch gives each row the score of a single call, and only the invalid row gets a violation", async () => {
  const n = 3;
  const values = new Float32Array(
    DEMO_FEATURES.flatMap((name, c) =>
      Array.from({ length: n }, (_, r) => (c === 0 && r === 1 ? -5 : (demoSupplier(r).features[name] ?? 0))),
    ),
  );
  const response = await clients().grpc.predictBatch({
    supplierIds: ["a", "b", "c"],
    featureNames: [...DEMO_FEATURES],
    values: new Uint8Array(values.buffer),
    categories: [
      { name: "region", dictionary: [0, 1, 2].map((i) => demoSupplier(i).categories.region), codes: [0, 1, 2] },
    ],
    contractTexts: [0, 1, 2].map((i) => demoSupplier(i).text),
    withContributions: true,
  });
  const risk = new Float64Array(new Uint8Array(response.riskScores).buffer);
  const rounded = {
    ...supplier(2),
    features: Object.fromEntries(Object.entries(supplier(2).features).map(([k, v]) => [k, Math.fround(v)])),
  };
  expect(risk[2]).toBe((await clients().grpc.predict({ supplier: rounded })).score?.riskScore);
  expect(risk[1]).toBeNaN();
  expect(response.bands[1]).toBe(0);
  expect(response.violations).toMatchObject([
    { row: 1, reason: "FEATURE_OUT_OF_RANGE", field: `values.${DEMO_FEATURES[0]}` },
  ]);
  expect(response.contributions.byteLength).toBe(n * response.columnNames.length * 4);
});

test("invalid suppliers are rejected with the path of the field and the most similar name", async () => {
  const rejected = async (over: Partial<ReturnType<typeof supplier>>) => {
    const error = await failure(clients().grpc.predict({ supplier: { ...supplier(1), ...over } }));
    expect(error.code).toBe(Code.InvalidArgument);
    return error;
  };
  const unknown = await rejected({ features: { past_dispute: 1 } });
  expect(unknown.rawMessage).toContain('did you mean "past_disputes"');
  expect(unknown.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("supplier.features.past_dispute");
  expect(unknown.findDetails(ErrorInfoSchema)[0]?.reason).toBe("FEATURE_UNKNOWN");
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300]) {
    const error = await rejected({ features: { past_disputes: bad } });
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("supplier.features.past_disputes");
  }
  const nameless = await rejected({ supplierId: "" });
  expect(nameless.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("supplier.supplier_id");
  for (const supplierId of ["A\u0000B", "   ", "\u200b"]) {
    const error = await rejected({ supplierId });
    expect(error.rawMessage).toMatch(/^supplier.supplier_id has .*; send the id/);
    const explained = await failure(
      Array.fromAsync(clients().grpc.explain({ supplier: { ...supplier(1), supplierId } })),
    );
    expect(explained.code).toBe(Code.InvalidArgument);
  }
  const long = await rejected({ contractText: "x".repeat(2 * 1024 * 1024) });
  expect(long.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("supplier.contract_text");
});

test("batches with columns of different lengths are rejected, and the error names the field", async () => {
  const send = (over: object) =>
    failure(
      clients().grpc.predictBatch({
        supplierIds: ["a"],
        featureNames: ["past_disputes"],
        values: new Uint8Array(4),
        ...over,
      }),
    );
  expect((await send({ values: new Uint8Array(3) })).rawMessage).toContain("values: 3 bytes");
  expect((await send({ featureNames: ["past_disputess"] })).rawMessage).toContain('did you mean "past_disputes"');
  expect((await send({ contractTexts: ["a", "b"] })).rawMessage).toContain("contract_texts: 2 texts for 1 supplier");
  expect((await send({ categories: [{ name: "region", dictionary: ["x"], codes: [7] }] })).rawMessage).toContain(
    "beyond the dictionary",
  );
});

test("with too few features the band is UNKNOWN and risk_score is unset", async () => {
  const { score } = await clients().grpc.predict({ supplier: { supplierId: "x", features: { past_disputes: 1 } } });
  expect(score?.band).toBe(Band.UNKNOWN);
  expect(score?.riskScore).toBeUndefined();
  expect(score?.missingFeatures).toContain("delivery_score");
});

test("flat JSON that is not a supplier is rejected with one clear line", async () => {
  const post = async (body: string) => {
    const response = await fetch(`${web}/predict`, { method: "POST", body });
    return { status: response.status, ...((await response.json()) as { message: string }) };
  };
  expect(await post("{")).toMatchObject({ status: 400, message: expect.stringContaining("the body is not JSON") });
  expect(await post('{"supplier_id":"x","late_ratio":[1]}')).toMatchObject({
    status: 400,
    message: expect.stringContaining("late_ratio is a list"),
  });
  expect(await post('{"supplier_id":"x","past_disputes":-1}')).toMatchObject({
    status: 400,
    message: expect.stringMatching(/^past_disputes is -1; /),
  });
  expect((await fetch(`${web}/predict`)).status).toBe(405);
});

describe("flat JSON", () => {
  const answer = async (body: string, path = "/predict") => {
    const response = await fetch(`${web}${path}`, { method: "POST", body });
    return { status: response.status, json: JSON.parse((await response.text()).split("\n")[0] ?? "") };
  };
  const flat = (over: object) => JSON.stringify({ supplier_id: "S_1", ...demoSupplier(1).features, ...over });
  const [feature = ""] = DEMO_FEATURES;
  const value = demoSupplier(1).features[feature] ?? 0;

  test("a number as text, null, and a byte order mark are accepted", async () => {
    const expected = { ...(await answer(flat({}))).json, prediction_id: expect.any(String) };
    for (const body of [flat({ [feature]: String(value) }), `\ufeff${flat({ contract_text: null, region: null })}`])
      expect((await answer(body)).json).toEqual(expected);
    expect((await answer(flat({ [feature]: null }))).json.missing_features).toContain(feature);
  });

  test.each([
    [
      "an empty text",
      { [feature]: "" },
      feature,
      `${feature} is "", which is not a number; send a number such as 0.45, or null when it is not known`,
    ],
    [
      "NaN as text",
      { [feature]: "NaN" },
      feature,
      `${feature} is "NaN", which is not a number; send a number such as 0.45, or null when it is not known`,
    ],
    [
      "a decimal comma",
      { [feature]: "0,45" },
      feature,
      `${feature} is "0,45", which is not a number; send a number such as 0.45, or null when it is not known`,
    ],
    [
      "a number beyond float32",
      { [feature]: "1e999" },
      feature,
      `${feature} is Infinity; send a finite number within float32, or null when it is not known`,
    ],
    ["a number for a category", { region: 5 }, "region", "region is a category; send a text"],
    [
      "a name of another style",
      { supplierId: "x" },
      "supplierId",
      'is not a field of flat JSON; write it "supplier_id"',
    ],
    ["no id", { supplier_id: undefined }, "supplier_id", 'is missing; add "supplier_id":"…"'],
    ["an empty id", { supplier_id: "" }, "supplier_id", 'is empty; add "supplier_id":"…"'],
    ["null as id", { supplier_id: null }, "supplier_id", "is null; expected a text"],
    ["an id of 129 bytes", { supplier_id: "x".repeat(129) }, "supplier_id", expect.stringContaining("128")],
    [
      "a feature that does not exist",
      { past_dispute: 1 },
      "past_dispute",
      expect.stringContaining('did you mean "past_disputes"?'),
    ],
  ])("%s is rejected, and the error uses the names of flat JSON", async (_, over, field, description) => {
    for (const path of ["/predict", "/explain"]) {
      const { status, json } = await answer(flat(over), path);
      expect([status, json.details[1].debug.fieldViolations]).toEqual([400, [{ field, description }]]);
      expect(json.message).not.toMatch(/supplier\.|features|categories/);
    }
  });

  test("a query parameter on a path that has none is rejected", async () => {
    const response = await fetch(`${web}/predict?model_version=v1`, { method: "POST", body: flat({}) });
    expect([response.status, (await response.json()).message]).toEqual([
      400,
      "model_version: unknown query parameter; this path accepts none",
    ]);
  });
});

test("null for a feature in Connect JSON is rejected with its path", async () => {
  const response = await fetch(`${web}/bellwether.inference.v1.InferenceService/Predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      supplier: { supplierId: "S_1", features: { past_disputes: null } },
      model: { name: "x", version: "v1" },
    }),
  });
  const { details } = await response.json();
  expect([response.status, details[1].debug.fieldViolations]).toEqual([
    400,
    [
      { field: "supplier.features.past_disputes", description: "is null; leave it out when it is not known" },
      { field: "model.name", description: "unknown field of ModelSelector; known: modelName, modelVersion" },
      { field: "model.version", description: "unknown field of ModelSelector; known: modelVersion, modelName" },
    ],
  ]);
});

test("unknown models and versions are NOT_FOUND; a version that is named scores", async () => {
  const predict = (model: { modelName?: string; modelVersion?: string }) =>
    clients().grpc.predict({ supplier: supplier(1), model });
  expect((await failure(predict({ modelName: "nobody" }))).code).toBe(Code.NotFound);
  expect((await failure(predict({ modelVersion: "v99" }))).code).toBe(Code.NotFound);
  expect((await failure(predict({ modelVersion: "../../etc" }))).code).toBe(Code.NotFound);
  expect((await predict({ modelVersion: "v1" })).score?.model?.version).toBe("v1");
});

test("ModelRegistryService lists versions, aliases and history", async () => {
  const registry = createClient(ModelRegistryService, createGrpcTransport({ baseUrl: grpc }));
  expect((await registry.listVersions({})).versions[0]).toMatchObject({ version: "v1", origin: VersionOrigin.TRAINED });
  const { modelCard, features, leastFeatures, unusedFeatures } = await registry.getVersion({});
  expect(modelCard).toContain("# Model card");
  expect(leastFeatures).toBe(Math.ceil(DEMO_SPEC.minimumPresent * DEMO_SPEC.features.length));
  expect(unusedFeatures).toEqual([]);
  expect(features.map(({ name, kind, unit }) => [name, kind, unit])).toEqual([
    ...DEMO_SPEC.features.map(({ name, kind, unit }) => [
      name,
      kind === "numeric" ? FeatureKind.NUMERIC : FeatureKind.CATEGORY,
      unit,
    ]),
    [DEMO_SPEC.text?.name, FeatureKind.TEXT, ""],
  ]);
  expect((await registry.listAliases({})).aliases).toMatchObject([{ name: "champion", version: "v1" }]);
  expect((await registry.listProductionHistory({})).champions).toHaveLength(1);
  expect((await failure(registry.listVersions({ pageToken: "x" }))).code).toBe(Code.InvalidArgument);
  expect((await failure(registry.listVersions({ modelName: "nobody" }))).code).toBe(Code.NotFound);
});

test("a new champion is loaded while calls continue, and a broken one is not", async () => {
  const version = await publishDemoModel(root, 7);
  const answering = async () => (await clients().grpc.predict({ supplier: supplier(1) })).score?.model?.version;
  await vi.waitFor(async () => expect(await answering()).toBe(version), SLOWLY);
  const modelName = DEMO_SPEC.name;
  const now = new Date();
  const trained = await trainDemoModel(8);
  const publication = { ...trained, modelName, origin: "trained" as const, configHash: "", evaluation: null, now };
  const unchecked = async () => {};
  // This version cannot be loaded although its digests are correct, like a version of a release with another
  // runtime.
  const broken = await publishVersion(root, { ...publication, onnx: Uint8Array.of(1, 2, 3) }, unchecked);
  const set = { modelName, alias: "champion" as const, setBy: "test", reason: "there and back", now };
  await setAlias(root, { ...set, version: broken.version }, unchecked);
  expect(await answering()).toBe(version);
  const registry = createClient(ModelRegistryService, createGrpcTransport({ baseUrl: grpc }));
  await vi.waitFor(async () => {
    const status = await registry.getReplicaStatus({});
    expect(status).toMatchObject({ championVersion: broken.version, servedVersion: version });
    expect(status.rejection).toMatchObject({ version: broken.version, reason: expect.stringContaining("ONNX") });
  }, SLOWLY);
  await setAlias(root, { ...set, version: "v1" }, checkScoringModel);
  await vi.waitFor(async () => expect(await answering()).toBe("v1"), SLOWLY);
});

test("without a model, calls are UNAVAILABLE and the service is not ready, until a model is published", async () => {
  const empty = await mkdtemp(path.join(os.tmpdir(), "ml-service-empty-"));
  const starting = await createMlService({ ...config(), registryRoot: empty });
  const client = createClient(
    InferenceService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${starting.addresses.grpc.port}` }),
  );
  const readyz = async () => (await fetch(`http://127.0.0.1:${starting.addresses.admin.port}/readyz`)).status;
  expect((await failure(client.predict({ supplier: supplier(1) }))).code).toBe(Code.Unavailable);
  expect(await readyz()).toBe(503);
  await publishDemoModel(empty);
  await vi.waitFor(async () => expect(await readyz()).toBe(200), SLOWLY);
  await starting.stop();
  await rm(empty, { recursive: true, force: true });
});

test("with an invalid alias file, the status reports the error, and the loaded version is still served", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "ml-service-aliases-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await publishDemoModel(folder);
  const file = path.join(folder, DEMO_SPEC.name, "aliases.json");
  const sound = await readFile(file, "utf8");
  const replace = (text: string) => writeFile(`${file}.new`, text).then(() => rename(`${file}.new`, file));
  await replace("{");
  const rejections: unknown[] = [];
  const destination = {
    write(line: string) {
      const { msg, err } = JSON.parse(line);
      if (msg === "champion not loaded") rejections.push(err);
    },
  };
  const logger = createLogger({ name: "ml-service", level: "warn", destination });
  const starting = await createMlService({ ...config(), registryRoot: folder, logger });
  onTestFinished(() => starting.stop());
  using transport = createMeshTransport({ url: `http://127.0.0.1:${starting.addresses.grpc.port}` });
  const predict = () => createClient(InferenceService, transport).predict({ supplier: supplier(1) });
  const listAliases = () => createClient(ModelRegistryService, transport).listAliases({});
  const said = { type: "ModelCorruptError", message: expect.stringContaining(`${file}: is not JSON;`) };
  expect(rejections).toMatchObject([said]);
  expect((await failure(predict())).code).toBe(Code.Unavailable);

  await replace(sound);
  await vi.waitFor(predict, SLOWLY);
  expect(rejections).toHaveLength(1);
  await replace("{");
  await vi.waitFor(() => expect(rejections).toMatchObject([said, said]), SLOWLY);
  expect((await predict()).score?.model?.version).toBe("v1");
  expect((await failure(listAliases())).code).toBe(Code.DataLoss);
  const { port } = starting.addresses.admin;
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
});
