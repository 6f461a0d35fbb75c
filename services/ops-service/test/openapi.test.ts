import { readFile } from "node:fs/promises";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A path of the document. */
interface Operation {
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, unknown>> }>>;
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });
let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
let cluster: PostgresServer;
let ops: OpsHarness;
let alertId = "";

beforeAll(async () => {
  const document = JSON.parse(await readFile(new URL("../../lib/mesh/openapi.json", import.meta.url), "utf8"));
  paths = document.paths;
  ajv.addSchema(document, "openapi");
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", [
    { id: "a", score: 0.4 },
    { id: "b", score: 0.9 },
  ]);
  await runWeek(ops, "2026-W02", [
    { id: "a", score: 0.95 },
    { id: "b", score: 0.9 },
  ]);
  alertId = (await ops.alerts.listAlerts({})).alerts[0]?.alertId ?? "";
}, 120_000);
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** Returns what a body breaks of the schema of an answer. */
function violations(path: string, verb: string, status: string, type: string, body: unknown): unknown {
  const pointer = [path, verb, "responses", status, "content", type, "schema"].map((part) =>
    encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")),
  );
  expect(paths[path]?.[verb]?.responses[status]?.content[type], `${verb} ${path} ${status} ${type}`).toBeDefined();
  const validate = ajv.getSchema(`openapi#/paths/${pointer.join("/")}`);
  if (!validate) throw new Error(`the document has no schema for ${verb} ${path}`);
  return validate(body) ? [] : validate.errors;
}

const rpc = (service: string, method: string): string => `/bellwether.ops.v1.${service}/${method}`;

describe("RPCs over Connect with JSON answer as the document says", () => {
  test.each([
    [rpc("AlertService", "ListAlerts"), {}],
    [rpc("AlertService", "SuggestOwners"), {}],
    [rpc("SupplierService", "ListSuppliers"), { includeFacets: true }],
    [rpc("SupplierService", "SearchSuppliers"), { query: "a" }],
    [rpc("SupplierService", "GetSupplier"), { supplierId: "a", historyWeeks: 10 }],
    [rpc("SupplierService", "NarrateSupplier"), { supplierId: "a" }],
    [rpc("SupplierService", "ListMasterData"), {}],
    [rpc("BatchService", "GetRun"), {}],
    [rpc("BatchService", "ListRuns"), {}],
    [rpc("AuditService", "QueryEvents"), {}],
    [rpc("NoticeService", "ListNotices"), {}],
    [rpc("NoticeService", "ListDestinations"), {}],
  ])("%s", async (path, request) => {
    const answer = await fetch(`${ops.webUrl}${path}`, {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) },
    });
    const json = await answer.json();
    expect(answer.status, JSON.stringify(json)).toBe(200);
    expect(violations(path, "post", "200", "application/json", json)).toEqual([]);
    expect(violations(path, "post", "200", "application/json", { ...json, another: 1 })).not.toEqual([]);
  });

  test("GetAlert with its history", async () => {
    const path = rpc("AlertService", "GetAlert");
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${ops.webUrl}${path}`, { method: "POST", headers, body: JSON.stringify({ alertId }) });
    expect(violations(path, "post", "200", "application/json", await answer.json())).toEqual([]);
  });
});

describe("REST paths answer as the document says", () => {
  test.each([
    "/alerts",
    "/audit",
    "/batch/status",
    "/suppliers?include_facets=true",
    "/supplier?supplier_id=a&history_weeks=9",
  ])("GET %s", async (target) => {
    const answer = await fetch(`${ops.webUrl}${target}`);
    const json = await answer.json();
    expect(answer.status, JSON.stringify(json)).toBe(200);
    const [path = ""] = target.split("?");
    expect(violations(path, "get", "200", "application/json", json)).toEqual([]);
    expect(violations(path, "get", "200", "application/json", { ...json, another: 1 })).not.toEqual([]);
  });

  test("POST /alerts/action", async () => {
    const version = Number((await ops.alerts.getAlert({ alertId })).alert?.version);
    const body = JSON.stringify({ alert_id: alertId, version, action: "snooze", until_worse: true });
    const answer = await fetch(`${ops.webUrl}/alerts/action`, { method: "POST", body });
    const json = await answer.json();
    expect(answer.status, JSON.stringify(json)).toBe(200);
    expect(violations("/alerts/action", "post", "200", "application/json", json)).toEqual([]);
  });

  test("GET /alerts/stream: the data of an event", async () => {
    const controller = new AbortController();
    const answer = await fetch(`${ops.webUrl}/alerts/stream?after_sequence=0`, { signal: controller.signal });
    let text = "";
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (/^data: .*\n/m.test(text)) break;
    }
    controller.abort();
    const data = /^data: (.*)\n/m.exec(text)?.[1] ?? "";
    expect(violations("/alerts/stream", "get", "200", "text/event-stream", JSON.parse(data))).toEqual([]);
  });

  test.each([
    ["GET", "/alerts?state=lost", 400],
    ["GET", "/batch/status?iso_week=2020-W01", 404],
    ["PUT", "/alerts", 405],
    ["GET", "/nowhere", 404],
    ["POST", "/alerts/action", 400],
  ])("%s %s is the document's problem", async (method, target, status) => {
    const answer = await fetch(`${ops.webUrl}${target}`, { method });
    const json = await answer.json();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
    const validate = ajv.getSchema("openapi#/components/schemas/Problem");
    expect(validate?.(json), JSON.stringify(validate?.errors)).toBe(true);
    expect(json).toMatchObject({ status, reason: expect.any(String), request_id: answer.headers.get("x-request-id") });
  });
});

test("requests within and beyond the bounds of the contract are inside and outside the document", () => {
  const valid = (name: string, body: unknown): boolean =>
    ajv.getSchema(`openapi#/components/schemas/bellwether.ops.v1.${name}`)?.(body) === true;
  expect(valid("ListAlertsRequest", { pageSize: 200 })).toBe(true);
  expect(valid("ListAlertsRequest", { pageSize: 201 })).toBe(false);
  expect(valid("CommentOnAlertRequest", { alertId, version: "1", comment: "x".repeat(2000) })).toBe(true);
  expect(valid("CommentOnAlertRequest", { alertId, version: "1", comment: "x".repeat(2001) })).toBe(false);
  expect(valid("CommentOnAlertRequest", { alertId, version: "1", comment: "" })).toBe(false);
  expect(valid("CommentOnAlertRequest", { alertId, version: "1" })).toBe(false);
  expect(valid("ResolveAlertRequest", { alertId, version: "1", disposition: "DISPOSITION_MITIGATED" })).toBe(true);
  expect(valid("ResolveAlertRequest", { alertId, version: "1", disposition: "DISPOSITION_CLEARED" })).toBe(false);
});

test("every path of this service is in its document, streams too", async () => {
  const { paths: served } = await (await fetch(`${ops.webUrl}/openapi.json`)).json();
  for (const path of ["/alerts", "/alerts/action", "/alerts/stream", "/audit", "/batch/status", "/predict/batch"])
    expect(served).toHaveProperty([path]);
  expect(served).toHaveProperty([rpc("AlertService", "WatchAlerts")]);
  // ops-service does not forward batches.
  expect(served).toHaveProperty(["/bellwether.inference.v1.InferenceService/Predict"]);
  expect(served).not.toHaveProperty(["/bellwether.inference.v1.InferenceService/PredictBatch"]);
});

test("the example of SubmitChunk is stored as it is, with the lease of a run", async () => {
  const { lease } = await ops.batch.startRun({ isoWeek: "2026-W03", modelName: "supplier-risk", holder: "example" });
  const path = rpc("BatchService", "SubmitChunk");
  const { requestBody } = Object(paths[path]?.post);
  const { example } = requestBody.content["application/json"];
  const answer = await fetch(`${ops.webUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...example, lease: { runId: lease?.runId, fence: String(lease?.fence) } }),
  });
  expect([answer.status, await answer.json()]).toEqual([200, { rowsScored: 1 }]);
});
