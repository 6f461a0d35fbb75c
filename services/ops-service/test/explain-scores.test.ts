import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadAlertRules } from "@bellwether/config/alert-rules";
import { ChangeNoteCode } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { NarrativeLanguage, NarrativeOutcome } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { AlertEventKind, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { SubmitChunkRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { create } from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf, type OpsHarness, startOps } from "./ops-harness.ts";

const RULES = new URL("../../../config/alert_rules.yaml", import.meta.url).pathname;

let folder = "";
let models = "";
let cluster: PostgresServer;
let ml: ServiceProcess;
let ops: OpsHarness;
let databaseUrl = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "ops-explain-"));
  models = path.join(folder, "models");
  await publishDemoModel(models);
  await publishDemoModel(models, 7);
  cluster = await usePostgres();
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${models}` });
  databaseUrl = await cluster.createDatabase();
  const rules = await loadAlertRules(RULES);
  // Every supplier has an alert in each week, unless somebody has resolved it: then the next week opens it again.
  const scoreThreshold = { ...rules.scoreThreshold, raise: 0, critical: 1, keepCritical: 1, clear: 0, runsToRaise: 1 };
  const weeklyCapacity = { ...rules.weeklyCapacity, suppliers: 0, keepWithin: 0 };
  const alertRules = { ...rules, coolDownWeeks: 0, scoreThreshold, weeklyCapacity };
  ops = await startOps(databaseUrl, { mlUrl: ml.grpc, alertRules });
  await scoreWeek("2026-W01", "v1", [1, 2, 3]);
  await scoreWeek("2026-W02", "v1", [11, 12, 13]);
  for (const { alertId, version } of (await ops.alerts.listAlerts({})).alerts)
    await ops.alerts.resolveAlert({ alertId, version, disposition: Disposition.MITIGATED });
  await scoreWeek("2026-W03", "v2", [21, 22, 23]);
  await scoreWeek("2026-W04", "v2", [31, 32, 33], { isTextStored: false });
}, 120_000);
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await ml?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const IDS = ["full", "thin", "odd"];

/** The data of a week: "thin" lacks a number and the text, and "odd" has a region that the model does not know. */
function suppliersOf(rows: readonly number[]) {
  return rows.map((row, i) => {
    const { features, categories, text } = demoSupplier(row);
    const numbers = i === 1 ? { ...features, past_disputes: Number.NaN } : features;
    return { numbers, region: i === 2 ? "Atlantis" : (categories.region ?? ""), text: i === 1 ? "" : text };
  });
}

/** Runs a week as scheduler-service does: ml-service scores, ops-service stores. */
async function scoreWeek(isoWeek: string, version: string, rows: readonly number[], { isTextStored = true } = {}) {
  const transport = createGrpcTransport({ baseUrl: ml.grpc });
  const selector = { modelName: "supplier-risk", version };
  const { features } = await createClient(ModelRegistryService, transport).getVersion(selector);
  const suppliers = suppliersOf(rows);
  const names = features.filter(({ kind }) => kind === 1).map(({ name }) => name);
  const numberOf = (i: number, name: string): number =>
    (suppliers[i]?.numbers as Record<string, number> | undefined)?.[name] ?? Number.NaN;
  const scores = await createClient(InferenceService, transport).predictBatch({
    supplierIds: IDS,
    model: { modelName: "supplier-risk", modelVersion: version },
    numbers: names.map((name) => ({ name, values: IDS.map((_, i) => numberOf(i, name)) })),
    categories: [{ name: "region", dictionary: suppliers.map(({ region }) => region), codes: [0, 1, 2] }],
    contractTexts: suppliers.map(({ text }) => text),
    ...{ withContributions: true, withTermWeights: true },
  });
  const regions = features.find(({ name }) => name === "region")?.categories ?? [];
  const values = suppliers.flatMap(({ region, text }, i) =>
    features.map(({ name, kind }) => {
      if (kind === 1) return numberOf(i, name);
      if (kind === 3) return text === "" ? Number.NaN : 1;
      return regions.includes(region) ? regions.indexOf(region) : regions.length;
    }),
  );
  const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
  await ops.batch.submitChunk(
    create(SubmitChunkRequestSchema, {
      ...(lease && { lease }),
      supplierIds: IDS,
      scores: isTextStored ? scores : { ...scores, termWeights: new Uint8Array() },
      features,
      featureValues: new Uint8Array(Float32Array.from(values).buffer),
    }),
  );
  const counts = { rowsRead: 3n, rowsRejected: 0n, chunksTotal: 1 };
  await ops.batch.completeRun({ ...(lease && { lease }), ...counts });
}

const reasonOf = (error: ConnectError): string => error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";

test("a week that another model version scored says on every alert that it moves what follows from data and model", async () => {
  const moved = await ops.alerts.listAlerts({});
  expect(moved.alerts.map(({ supplierId }) => supplierId).sort()).toEqual([...IDS].sort());
  for (const { alertId, supplierId } of moved.alerts) {
    const { events } = await ops.alerts.getAlert({ alertId });
    const reopened = events.find(({ kind }) => kind === AlertEventKind.REOPENED);
    const change = await ops.suppliers.explainScoreChange({
      supplierId,
      beforeWeek: "2026-W02",
      afterWeek: "2026-W03",
    });
    const { dataScore, modelScore } = change.change?.total ?? {};
    expect(reopened?.scoreChangeParts).toMatchObject({
      ...{ beforeWeek: "2026-W02", beforeVersion: "v1", afterVersion: "v2", notComputed: "" },
      ...{ dataScore, modelScore },
    });
    // The run of W04, which the same version scored, moved no alert.
    expect(events.filter(({ scoreChangeParts }) => scoreChangeParts)).toHaveLength(1);
  }
  expect(moved.alerts.map(({ scoreChangeParts }) => scoreChangeParts)).toEqual([undefined, undefined, undefined]);
});

describe("ExplainScore", () => {
  test.each(IDS)("explains the stored score of %s bit for bit, without its features being sent", async (supplierId) => {
    for (const isoWeek of ["2026-W01", "2026-W02", "2026-W03"]) {
      const answer = await ops.suppliers.explainScore({ supplierId, isoWeek });
      expect(answer.score?.riskScore).toBe(answer.storedRiskScore);
      expect(answer.score?.model?.version).toBe(isoWeek === "2026-W03" ? "v2" : "v1");
      const sum = answer.contributions.reduce((total, { contribution }) => total + contribution, answer.baseValue);
      expect(sum).toBeCloseTo(answer.score?.margin ?? Number.NaN, 5);
      const codes = answer.notes.map(({ code }) => code);
      expect(codes).toEqual(supplierId === "odd" ? [ChangeNoteCode.UNKNOWN_CATEGORY] : []);
    }
  });

  test("returns at most k contributions in words, and a narrative on request", async () => {
    const request = { supplierId: "full", isoWeek: "2026-W01", maxContributions: 2, withTexts: true };
    const answer = await ops.suppliers.explainScore({ ...request, withNarrative: true });
    expect(answer.contributions.length).toBe(2);
    for (const { text, strength, share } of answer.contributions)
      expect([text.length > 0, strength > 0, (share ?? 0) > 0]).toEqual([true, true, true]);
    const sum = answer.contributions.reduce((total, { contribution }) => total + contribution, answer.baseValue);
    expect(sum + answer.omitted).toBeCloseTo(answer.score?.margin ?? Number.NaN, 5);
    expect(answer.narrative).toContain("full has a risk score of");
    expect(answer.narrativeInfo).toMatchObject({ generated: false, outcome: NarrativeOutcome.NOT_CONFIGURED });
    const narrativeLanguage = NarrativeLanguage.GERMAN;
    const german = await ops.suppliers.explainScore({ ...request, withNarrative: true, narrativeLanguage });
    expect(german.narrative).toContain("full hat einen Risikowert von");
    expect(german.narrativeInfo?.language).toBe(narrativeLanguage);
    expect((await ops.suppliers.explainScore({ ...request, narrativeLanguage })).narrativeInfo).toBeUndefined();
    const unknown = ops.suppliers.explainScore({ ...request, narrativeLanguage: 7 as NarrativeLanguage });
    expect((await failureOf(unknown)).code).toBe(Code.InvalidArgument);
  });

  test("says that a run has not stored a text, which the latest week has", async () => {
    const error = await failureOf(ops.suppliers.explainScore({ supplierId: "full" }));
    expect([error.code, reasonOf(error)]).toEqual([Code.FailedPrecondition, "INPUT_NOT_STORED"]);
    expect(error.rawMessage).toContain('the run of 2026-W04 has not stored the text "contract_text"');
    // A supplier without a text needs none.
    const thin = await ops.suppliers.explainScore({ supplierId: "thin" });
    expect([thin.isoWeek, thin.score?.riskScore]).toEqual(["2026-W04", thin.storedRiskScore]);
  });

  test("names what does not exist, and a week that is not one", async () => {
    const missing = await failureOf(ops.suppliers.explainScore({ supplierId: "nobody" }));
    expect(reasonOf(missing)).toBe("SUPPLIER_NOT_FOUND");
    const week = await failureOf(ops.suppliers.explainScore({ supplierId: "full", isoWeek: "2025-W40" }));
    expect([week.code, reasonOf(week)]).toEqual([Code.NotFound, "SCORE_NOT_FOUND"]);
    const wrong = await failureOf(ops.suppliers.explainScore({ supplierId: "full", isoWeek: "2026-W54" }));
    expect([wrong.code, wrong.rawMessage]).toEqual([Code.InvalidArgument, expect.stringContaining("iso_week")]);
  });
});

describe("ExplainScoreChange", () => {
  test.each(IDS)("divides the change of %s between two weeks exactly, also across versions", async (supplierId) => {
    for (const [beforeWeek, afterWeek] of [
      ["2026-W01", "2026-W02"],
      ["2026-W02", "2026-W03"],
      ["2026-W03", "2026-W01"],
    ]) {
      const weeks = { beforeWeek: beforeWeek ?? "", afterWeek: afterWeek ?? "" };
      const answer = await ops.suppliers.explainScoreChange({ supplierId, ...weeks });
      const { change } = answer;
      const due = (answer.afterStoredRiskScore ?? Number.NaN) - (answer.beforeStoredRiskScore ?? Number.NaN);
      expect(change?.scoreChange).toBe(due);
      const parts = change?.parts ?? [];
      const sum = parts.reduce((all, { amount }) => all + (amount?.dataScore ?? 0) + (amount?.modelScore ?? 0), 0);
      const rest = (change?.baseScore ?? 0) + (change?.calibrationScore ?? 0);
      expect(Math.abs(sum + rest - due)).toBeLessThan(1e-9);
      expect(change?.notes.some(({ code }) => code === ChangeNoteCode.STORED_SCORE_DIFFERS)).toBe(false);
      if (afterWeek === "2026-W02") expect(change?.total?.modelScore).toBe(0);
    }
  });

  test("compares the latest week with the one before it by default", async () => {
    const answer = await ops.suppliers.explainScoreChange({ supplierId: "thin" });
    expect(answer).toMatchObject({ beforeWeek: "2026-W03", afterWeek: "2026-W04", beforeVersion: "v2" });
    const before = await ops.suppliers.explainScoreChange({ supplierId: "thin", afterWeek: "2026-W02" });
    expect(before.beforeWeek).toBe("2026-W01");
  });

  test("rejects equal weeks, and a supplier without an earlier score", async () => {
    const weeks = { beforeWeek: "2026-W02", afterWeek: "2026-W02" };
    const same = await failureOf(ops.suppliers.explainScoreChange({ supplierId: "full", ...weeks }));
    expect([same.code, same.rawMessage]).toEqual([Code.InvalidArgument, expect.stringContaining("before_week")]);
    const first = await failureOf(ops.suppliers.explainScoreChange({ supplierId: "full", afterWeek: "2026-W01" }));
    expect(first.rawMessage).toContain("before 2026-W01");
  });
});

/** A new ml-service on a busy machine needs longer for its first call than the default deadline. */
const PATIENT = { timeoutMs: 30_000 };

/** An ops-service on the same database, with an ml-service whose registry has a version for each seed. */
async function withRegistry(seeds: readonly number[], use: (other: OpsHarness) => Promise<void>): Promise<void> {
  const registry = path.join(folder, `models-${seeds.join("-")}`);
  for (const seed of seeds) await publishDemoModel(registry, seed);
  await using other = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
  await using moved = await startOps(databaseUrl, { mlUrl: other.grpc });
  await use(moved);
}

describe("a version that is gone", () => {
  test("is named, and the stored contributions are still there", async () => {
    await withRegistry([42], async (moved) => {
      const asked = { supplierId: "full", isoWeek: "2026-W03" };
      const error = await failureOf(moved.suppliers.explainScore(asked, PATIENT));
      expect([error.code, reasonOf(error)]).toEqual([Code.FailedPrecondition, "VERSION_GONE"]);
      expect(error.rawMessage).toContain("v2");
      const weeks = { beforeWeek: "2026-W02", afterWeek: "2026-W03" };
      const change = await failureOf(moved.suppliers.explainScoreChange({ supplierId: "full", ...weeks }, PATIENT));
      expect(reasonOf(change)).toBe("VERSION_GONE");
      const { supplier } = await moved.suppliers.getSupplier({ supplierId: "full" });
      expect(supplier?.latestScore?.contributions.length).toBeGreaterThan(0);
    });
  });

  test("is also one whose number has other files now", async () => {
    await withRegistry([42, 99], async (moved) => {
      const asked = { supplierId: "full", isoWeek: "2026-W03" };
      const error = await failureOf(moved.suppliers.explainScore(asked, PATIENT));
      expect([reasonOf(error), error.rawMessage]).toEqual([
        "VERSION_GONE",
        expect.stringContaining("has other files in the registry now"),
      ]);
    });
  });

  test("is not confused with an ml-service that does not answer", async () => {
    await using moved = await startOps(databaseUrl);
    const asked = { supplierId: "full", isoWeek: "2026-W03" };
    const error = await failureOf(moved.suppliers.explainScore(asked, PATIENT));
    expect([error.code, reasonOf(error)]).toEqual([Code.Unavailable, "MODEL_SERVICE_UNAVAILABLE"]);
  });
});

describe("FindCounterfactuals", () => {
  const asked = { supplierId: "full", isoWeek: "2026-W01" };

  test("searches from the stored values, with the version that scored the week", async () => {
    for (const [isoWeek, version] of [
      ["2026-W01", "v1"],
      ["2026-W03", "v2"],
    ] as const)
      for (const supplierId of IDS) {
        const { result, storedRiskScore, notes, ...answer } = await ops.suppliers.findCounterfactuals({
          supplierId,
          isoWeek,
        });
        expect(answer.isoWeek).toBe(isoWeek);
        expect(result?.score?.riskScore).toBe(storedRiskScore);
        expect(result?.score?.model?.version).toBe(version);
        const codes = notes.map(({ code }) => code);
        expect(codes).toEqual(supplierId === "odd" ? [ChangeNoteCode.UNKNOWN_CATEGORY] : []);
        for (const { score } of result?.counterfactuals ?? [])
          expect(score?.band).toBeLessThan(result?.score?.band ?? 0);
      }
  });

  test("GET /supplier/counterfactuals answers the same in snake_case, for a supplier by its id", async () => {
    const get = async (query: string) => {
      const response = await fetch(`${ops.webUrl}/supplier/counterfactuals?${query}`);
      return { status: response.status, body: await response.json() };
    };
    const { result } = await ops.suppliers.findCounterfactuals({ ...asked, maxChanges: 1 });
    const { status, body } = await get("supplier_id=full&iso_week=2026-W01&max_changes=1");
    expect([status, body.iso_week, body.result.summary]).toEqual([200, "2026-W01", result?.summary]);
    const fixed = "fixed=past_disputes&fixed=delivery_score&target_band=low&max_counterfactuals=5";
    expect((await get(`supplier_id=full&iso_week=2026-W01&${fixed}`)).status).toBe(200);
    for (const [query, code, text] of [
      ["iso_week=2026-W01", 400, "supplier_id"],
      ["supplier_id=nobody", 404, "nobody"],
      ["supplier_id=full&max_changes=0", 400, "max_changes"],
      ["supplier_id=full&max_changes=4", 400, "max_changes"],
      ["supplier_id=full&max_counterfactuals=two", 400, "max_counterfactuals"],
      ["supplier_id=full&target_band=high", 400, "target_band"],
      ["supplier_id=full&iso_week=2026-W54", 400, "2026-W54"],
      ["supplier_id=full&iso_week=2026-W01&fixed=past_dispute", 400, "past_disputes"],
      ["supplier_id=full&iso_week=2026-W01&fixed=nope", 400, '"detail":"fixed: unknown feature'],
      ["supplier_id=full&iso_week=2026-W01&fixed=nope", 400, '"field":"fixed"'],
      ["supplier_id=full&iso_week=2026-W01&fixed=", 400, '"field":"fixed"'],
      [`supplier_id=full&iso_week=2026-W01${"&fixed=a".repeat(1_025)}`, 400, '"field":"fixed"'],
      ["supplier_id=full&fixed=a&limits=x", 400, '"detail":"limits: unknown query parameter'],
    ] as const) {
      const wrong = await get(query);
      expect([query, wrong.status]).toEqual([query, code]);
      expect(JSON.stringify(wrong.body)).toContain(text);
      expect(JSON.stringify(wrong.body)).not.toContain("limits[");
    }
  });

  test("limits of the request reach the search", async () => {
    const wrong = ops.suppliers.findCounterfactuals({ ...asked, limits: [{ feature: "past_dispute", fixed: true }] });
    expect([(await failureOf(wrong)).code, reasonOf(await failureOf(wrong))]).toEqual([
      Code.InvalidArgument,
      "CHANGE_LIMIT",
    ]);
  });

  test("an error of ml-service has its reason in readable form for callers with JSON", async () => {
    const response = await fetch(`${ops.webUrl}/bellwether.ops.v1.SupplierService/FindCounterfactuals`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...asked, limits: [{ feature: "past_dispute", fixed: true }] }),
    });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        details: [
          { debug: { reason: "CHANGE_LIMIT", domain: "bellwether" } },
          { debug: { fieldViolations: [{ field: "limits[0].feature" }] } },
        ],
      },
    ]);
  });

  test("a week that is not one, or without all values, is an error", async () => {
    const notWeek = await failureOf(ops.suppliers.findCounterfactuals({ ...asked, isoWeek: "last week" }));
    expect(notWeek.code).toBe(Code.InvalidArgument);
    const noText = await failureOf(ops.suppliers.findCounterfactuals({ ...asked, isoWeek: "2026-W04" }));
    expect([noText.code, reasonOf(noText)]).toEqual([Code.FailedPrecondition, "INPUT_NOT_STORED"]);
    const unknown = await failureOf(ops.suppliers.findCounterfactuals({ ...asked, supplierId: "nobody" }));
    expect(unknown.code).toBe(Code.NotFound);
  });
});
