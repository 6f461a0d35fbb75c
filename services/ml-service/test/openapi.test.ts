import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createLogger } from "@bellwether/telemetry/logger";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMlService } from "../src/service.ts";

let root = "";
let service: Awaited<ReturnType<typeof createMlService>>;
let web = "";
const ajv = new Ajv2020({ strict: false, validateFormats: false });

beforeAll(async () => {
  const document = await readFile(new URL("../../../services/lib/mesh/openapi.json", import.meta.url), "utf8");
  ajv.addSchema(JSON.parse(document), "openapi");
  root = await mkdtemp(path.join(os.tmpdir(), "ml-openapi-"));
  await publishDemoModel(root);
  service = await createMlService({
    ...{ host: "127.0.0.1", ports: { grpc: 0, web: 0, admin: 0 }, registryRoot: root },
    ...{ defaultModel: DEMO_SPEC.name, pollMs: 20, logger: createLogger({ name: "ml-service", level: "silent" }) },
  });
  web = `http://127.0.0.1:${service.addresses.web.port}`;
});
afterAll(async () => {
  await service.stop();
  await rm(root, { recursive: true, force: true });
});

/** Returns what an answer breaks of a schema of the document. */
function violations(schema: string, answer: unknown): unknown {
  const validate = ajv.getSchema(`openapi#/components/schemas/${schema}`);
  if (!validate) throw new Error(`the document has no schema ${schema}`);
  return validate(answer) ? [] : validate.errors;
}

const post = (path: string, body: unknown) =>
  fetch(`${web}${path}`, {
    ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
  });
const supplier = () => {
  const { features, categories, text } = demoSupplier(1);
  return { supplierId: "S_1", features, categories, contractText: text };
};

test.each([
  ["bellwether.inference.v1.InferenceService", "Predict", { supplier: { supplierId: "S_1", features: {} } }],
  ["bellwether.inference.v1.InferenceService", "ExplainModel", {}],
  ["bellwether.registry.v1.ModelRegistryService", "ListVersions", { modelName: DEMO_SPEC.name }],
  ["bellwether.registry.v1.ModelRegistryService", "GetVersion", { modelName: DEMO_SPEC.name, version: "v1" }],
])("%s/%s answers as the document says", async (name, method, request) => {
  const answer = await post(`/${name}/${method}`, request);
  const json = await answer.json();
  expect(answer.status, JSON.stringify(json)).toBe(200);
  const [scope] = name.split(/\.[A-Z]/);
  expect(violations(`${scope}.${method}Response`, json)).toEqual([]);
  expect(violations(`${scope}.${method}Response`, { ...json, another: 1 })).not.toEqual([]);
});

test("a score with contributions and POST /predict answer as the document says", async () => {
  const score = await (
    await post("/bellwether.inference.v1.InferenceService/Predict", { supplier: supplier() })
  ).json();
  expect(violations("bellwether.inference.v1.PredictResponse", score)).toEqual([]);
  const { features, categories } = supplier();
  const flat = { supplier_id: "S_1", ...features, ...categories };
  expect(violations("FlatSupplier", flat)).toEqual([]);
  const answer = await (await post("/predict", flat)).json();
  expect(violations("FlatPrediction", answer)).toEqual([]);
  expect(violations("FlatPrediction", { ...answer, prediction_id: undefined })).not.toEqual([]);
  expect(answer.prediction_id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("an error of a REST path is the document's problem, and an error of an RPC is Connect's", async () => {
  const problem = await post("/predict", { supplier_id: "S_1", no_such_feature: 1 });
  const json = await problem.json();
  expect(problem.headers.get("content-type")).toBe("application/problem+json");
  expect(violations("Problem", json)).toEqual([]);
  expect(json).toMatchObject({ status: 400, fields: [{ field: "no_such_feature" }] });
  const error = await post("/bellwether.inference.v1.InferenceService/Predict", {});
  expect(violations("ConnectError", await error.json())).toEqual([]);
});

test("/openapi.json has the RPCs and REST paths of this service, and no others", async () => {
  const { paths } = await (await fetch(`${web}/openapi.json`)).json();
  expect(paths).toHaveProperty(["/predict"]);
  expect(paths).toHaveProperty(["/shadow"]);
  expect(paths).toHaveProperty(["/bellwether.inference.v1.InferenceService/Predict"]);
  expect(Object.keys(paths).filter((name) => name.startsWith("/bellwether.ops."))).toEqual([]);
  const page = await (await fetch(`${web}/reference`)).text();
  expect(page).toContain('<span class="verb">POST</span> /predict</code>');
});
