import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleService } from "../../scripts/bundle/bundle-service.ts";
import { ROOT } from "./render.ts";

let root = "";
let bundle = "";
let files: readonly string[] = [];
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "bundle-"));
  await publishDemoModel(root);
  // ONNX Runtime is found in the folders above the bundle.
  bundle = path.join(ROOT, `services/ml-service/dist/test-${process.pid}`);
  files = await bundleService("ml-service", bundle);
}, 120_000);
afterAll(async () => {
  for (const folder of [root, bundle]) await rm(folder, { recursive: true, force: true });
});

const start = (main?: string): Promise<ServiceProcess> =>
  startService(
    "ml-service",
    { MODEL_REGISTRY_URL: `file:${root}`, BELLWETHER_MODEL: DEMO_SPEC.name, BELLWETHER_DATA_DIR: root },
    main === undefined ? {} : { main },
  );

/** Returns what the service answers, without what differs between two calls. */
async function answersOf({ grpc }: ServiceProcess) {
  using transport = createMeshTransport({ url: grpc });
  const client = createClient(InferenceService, transport);
  const suppliers = Array.from({ length: 20 }, (_, i) => {
    const { features, categories, text } = demoSupplier(i);
    return { supplierId: `S_${i}`, features, categories, contractText: text };
  });
  const scores = [];
  for (const supplier of suppliers) {
    const { score } = await client.predict({ supplier });
    scores.push({ ...score, predictionId: "" });
  }
  const { counterfactuals } = await client.counterfactual({ supplier: suppliers[0] });
  return { scores, counterfactuals };
}

test("the bundle of ml-service answers like its sources, also from its threads", async () => {
  await using ours = await start(path.join(bundle, "main.js"));
  await using sources = await start();
  const answers = await answersOf(ours);
  expect(answers.scores.map((score) => score.riskScore)).not.toContain(undefined);
  expect(answers).toEqual(await answersOf(sources));
});

test("the bundle has the files that code names beside itself, and does not import node:http", async () => {
  await using ours = await start(path.join(bundle, "main.js"));
  const document: { readonly openapi: string } = await (await fetch(`${ours.web}/openapi.json`)).json();
  expect(document.openapi).toBe("3.1.0");
  expect((await fetch(`${ours.web}/reference.js`)).status).toBe(200);
  const programs = files.filter((file) => file.endsWith(".js"));
  for (const file of programs)
    expect(await readFile(path.join(bundle, file), "utf8"), file).not.toMatch(/from "(?:node:)?http"/);
});
