import { randomUUID } from "node:crypto";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { isoWeekEnd, isoWeekNumber, isoWeekOfNumber } from "@bellwether/contract/iso-week";
import {
  InferenceService,
  type PredictBatchRequest,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { ScorecardSource } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import {
  FeatureKind,
  ModelRegistryService,
  VersionOrigin,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { route } from "@bellwether/mesh/call/route";
import { rpcError } from "@bellwether/mesh/errors/rpc-error";
import { startServer } from "@bellwether/mesh/server/start-server";
import { createLogger } from "@bellwether/telemetry/logger";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { daysAfter } from "../src/domain/outcomes/check-outcomes.ts";
import type { OpsServiceConfig } from "../src/service.ts";
import { type OpsHarness, runWeek, startOps, TEST_FEATURES, type TestRow } from "./ops-harness.ts";

const COMPLETE: OutcomeSpec = { definition: "", horizonDays: 14, completeAfterDays: 0 };
const LOSSES = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };
/** As test chunks have it. */
const OF_RUNS = "b".repeat(64);

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

/** ml-service with a registry whose newest version is trained, and whose second one is a scorecard. */
async function startMl() {
  const ml = {
    bundleDigest: "d".repeat(64),
    features: TEST_FEATURES.map(({ name, kind }) => ({ name, kind })),
    hasScorecard: true,
    /** Thrown by each call. */
    error: undefined as Error | undefined,
    batches: [] as PredictBatchRequest[],
    /** Scores a supplier by the first numeric feature of the batch. */
    scoreOf: (late: number): number => late,
  };
  const check = (): void => {
    if (ml.error) throw ml.error;
  };
  const server = await startServer({
    name: "stand-in",
    ports: { grpc: 0, web: 0, admin: 0 },
    routes: [
      route(ModelRegistryService, {
        listVersions() {
          check();
          const card = { version: "v1", origin: VersionOrigin.SCORECARD, bundleDigest: ml.bundleDigest };
          const trained = { version: "v2", origin: VersionOrigin.TRAINED };
          return { versions: ml.hasScorecard ? [trained, card] : [trained] };
        },
        getVersion() {
          check();
          return { features: ml.features };
        },
      }),
      route(InferenceService, {
        predictBatch(request) {
          check();
          ml.batches.push(request);
          const rows = request.supplierIds.length;
          const values = new Float32Array(Uint8Array.from(request.values).buffer);
          const scores = Float64Array.from({ length: rows }, (_, row) => ml.scoreOf(values[row] ?? Number.NaN));
          return { riskScores: new Uint8Array(scores.buffer), model: { bundleDigest: ml.bundleDigest } };
        },
      }),
    ],
    errors: {},
    logger: createLogger({ name: "stand-in", level: "silent" }),
  });
  onTestFinished(() => server.stop());
  return { ml, url: `http://127.0.0.1:${server.addresses.grpc.port}`, stop: server.stop };
}

const start = async (mlUrl: string, over: Partial<OpsServiceConfig> = {}): Promise<OpsHarness> =>
  startOps(await cluster.createDatabase(), {
    riskPolicy: createRiskPolicy(LOSSES, { reviews: { share: 0, maxSuppliers: 1 } }),
    outcomesOf: () => COMPLETE,
    mlUrl,
    ...over,
  });

/** Forty suppliers: the risk occurs at the last fifteen, the scorecard (late_ratio) orders them well and the model badly. */
const suppliers = Array.from({ length: 40 }, (_, i) => ({
  id: `S-${i}`,
  isRisky: i >= 25,
  score: ((i * 7) % 40) / 50,
  values: [i / 50, 100, Number.NaN, i % 2],
}));

const weekAfter = (week: string, weeks: number): string => isoWeekOfNumber((isoWeekNumber(week) ?? 0) + weeks);

async function run(
  ops: OpsHarness,
  week: string,
  { modelVersion = "v2", rows = suppliers as readonly TestRow[] } = {},
) {
  await runWeek(ops, week, rows, { modelVersion });
  const happenedOn = daysAfter(isoWeekEnd(week), 1);
  await ops.outcomes.recordOutcomes({
    requestId: randomUUID(),
    rows: suppliers
      .filter(({ isRisky }) => isRisky)
      .map(({ id }) => ({ supplierId: id, value: OutcomeValue.OCCURRED, happenedOn, knownOn: happenedOn })),
  });
}

/** Measures until no week waits for the scorecard. */
const measured = (ops: OpsHarness, request: { fromWeek?: string; toWeek?: string; capacity?: number } = {}) =>
  vi.waitFor(
    async () => {
      const answer = await ops.performance.getPerformance(request);
      expect(answer.scorecard?.modelVersion).toBe("v1");
      expect(answer.weeks.map(({ scorecard }) => scorecard?.source)).not.toContain(ScorecardSource.PENDING);
      return answer;
    },
    { timeout: 30_000 },
  );

/** The share of pairs that a score orders as the outcomes are. */
function aucOf(scoreOf: (supplier: (typeof suppliers)[number]) => number): number {
  const [risky, others] = [true, false].map((is) => suppliers.filter(({ isRisky }) => isRisky === is).map(scoreOf));
  const won = (risky ?? []).flatMap((p) => (others ?? []).map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
  return won.reduce<number>((sum, x) => sum + x, 0) / won.length;
}

test("each week with stored features is compared with the scorecard, and the others say why not", async () => {
  const { url, ml } = await startMl();
  await using ops = await start(url);
  await run(ops, "2025-W02");
  await run(ops, "2025-W03", { rows: suppliers.map(({ id, score }) => ({ id, score })) });
  ml.bundleDigest = OF_RUNS;
  await run(ops, "2025-W04", { modelVersion: "v1" });
  const { weeks, scorecard, overall } = await measured(ops, { capacity: 15 });
  expect(scorecard).toMatchObject({ modelVersion: "v1", note: "" });
  expect(weeks.map((week) => [week.isoWeek, week.scorecard?.source, week.scorecard?.scored])).toEqual([
    ["2025-W02", ScorecardSource.STORED_FEATURES, 40n],
    ["2025-W03", ScorecardSource.NO_FEATURES, 0n],
    ["2025-W04", ScorecardSource.RUN, 40n],
  ]);
  const [later, without, own] = weeks.map(({ performance }) => performance);
  expect(later?.scorecard?.auc?.value).toBeCloseTo(1, 10);
  expect(later?.scorecard?.aucDifference?.value).toBeCloseTo(aucOf(({ score }) => score) - 1, 10);
  expect(later?.scorecard?.atCapacity).toMatchObject({ flagged: 15, precision: { value: 1 }, recall: { value: 1 } });
  expect(later?.scorecard?.capacityPrecisionDifference?.value).toBeLessThan(0);
  // The default rule set raises alerts from 0.7, which the last four suppliers reach: 0.7 as float32 is below it.
  expect(later?.scorecard?.atThreshold).toMatchObject({ flagged: 4, precision: { value: 1 } });
  expect(without?.scorecard).toBeUndefined();
  expect(own?.scorecard?.aucDifference?.value).toBe(0);
  expect(overall?.scorecard?.rows).toBe(80n);
});

test("a week is scored once, with every value as it is stored, until another scorecard is published", async () => {
  const { url, ml } = await startMl();
  await using ops = await start(url);
  await run(ops, "2025-W02");
  const first = await measured(ops);
  expect(first.overall?.scorecard?.auc?.value).toBe(1);
  await measured(ops);
  expect(ml.batches).toHaveLength(1);
  const [batch] = ml.batches;
  expect(batch?.model).toMatchObject({ modelName: "supplier-risk", modelVersion: "v1" });
  expect(batch?.supplierIds.slice(0, 2)).toEqual(["S-0", "S-1"]);
  expect(batch?.featureNames).toEqual(["late_ratio", "spend", "age"]);
  expect(batch?.valuesChecksums[1]).toBe((100 * 40 * 41) / 2);
  expect(batch?.categories[0]?.codes.slice(0, 3)).toEqual([0, 1, 0]);
  ml.bundleDigest = "e".repeat(64);
  ml.scoreOf = (late) => 1 - late;
  const again = await measured(ops);
  expect(again.overall?.scorecard?.auc?.value).toBe(0);
  expect(ml.batches).toHaveLength(2);
});

test("a category that the version of the week did not know is counted", async () => {
  const { url } = await startMl();
  await using ops = await start(url);
  const rows = suppliers.map(({ id, score, values }, i) => ({
    id,
    score,
    // The regions are EU and US: 2 is a region that the version did not know.
    values: [...values.slice(0, 3), i < 3 ? 2 : 0],
  }));
  await run(ops, "2025-W02", { rows });
  expect((await measured(ops)).weeks[0]?.scorecard).toMatchObject({ scored: 40n, unknownCategories: 3n });
});

test("a week of a version with other features is not scored", async () => {
  const { url, ml } = await startMl();
  await using ops = await start(url);
  ml.features = [...ml.features.slice(1), { name: "turnover", kind: FeatureKind.NUMERIC }];
  await run(ops, "2025-W02");
  const { weeks, overall } = await measured(ops);
  expect(weeks[0]?.scorecard?.source).toBe(ScorecardSource.OTHER_FEATURES);
  expect(overall?.scorecard).toBeUndefined();
  expect(ml.batches).toEqual([]);
});

test("without a scorecard, and without ml-service, the answer says why nothing is compared", async () => {
  const { url, ml, stop } = await startMl();
  await using ops = await start(url);
  ml.hasScorecard = false;
  await run(ops, "2025-W02");
  const none = await ops.performance.getPerformance({});
  expect(none.scorecard).toMatchObject({ modelVersion: "", note: "no scorecard of supplier-risk is published" });
  expect(none.weeks[0]?.scorecard).toBeUndefined();
  expect(none.overall?.rows).toBe(40n);
  ml.hasScorecard = true;
  ml.error = rpcError(Code.PermissionDenied, "ROLE_MISSING", 'this asks for the role "analyst"');
  const denied = await ops.performance.getPerformance({});
  expect(denied.scorecard?.note).toBe('ml-service does not score: this asks for the role "analyst"');
  ml.error = undefined;
  await measured(ops);
  await stop();
  await run(ops, "2025-W03");
  const away = await vi.waitFor(
    async () => {
      const answer = await ops.performance.getPerformance({});
      expect(answer.scorecard?.note).toBe("ml-service does not answer");
      return answer;
    },
    { timeout: 30_000 },
  );
  expect(away.scorecard?.modelVersion).toBe("v1");
  expect(away.weeks.map(({ scorecard }) => scorecard?.source)).toEqual([
    ScorecardSource.STORED_FEATURES,
    ScorecardSource.PENDING,
  ]);
});

test("the comparison stays when the features of the week have been removed", async () => {
  const { url } = await startMl();
  const retention = {
    ...{ scoreWeeks: 4, snapshotWeeks: 4, outcomeWeeks: 157 },
    ...{ reportWeeks: null, auditPayloadDays: null, noteDays: null },
  };
  const riskPolicy = createRiskPolicy(LOSSES, { retention, reviews: { share: 0, maxSuppliers: 1 } });
  await using ops = await start(url, { riskPolicy, retentionMs: 100, retentionGraceMs: 0 });
  await run(ops, "2025-W02");
  await measured(ops);
  await run(ops, weekAfter("2025-W02", 20));
  const retained = createClient(RetentionService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  const isRemoved = async () => (await retained.getRetention({})).models[0]?.runsRemoved === 1;
  await vi.waitUntil(isRemoved, { timeout: 30_000 });
  const { weeks } = await measured(ops, { fromWeek: "2025-W02", toWeek: "2025-W02" });
  expect(weeks[0]?.scorecard).toMatchObject({ source: ScorecardSource.STORED_FEATURES, scored: 40n });
  expect(weeks[0]?.performance?.scorecard).toMatchObject({ rows: 40n, auc: { value: 1 } });
});

test("a service that stops while a week is scored ends at once, and the next one scores the week", async () => {
  const { url, ml } = await startMl();
  const databaseUrl = await cluster.createDatabase();
  const begun = Promise.withResolvers<void>();
  const over = { outcomesOf: () => COMPLETE, mlUrl: url };
  const first = await startOps(databaseUrl, over);
  ml.scoreOf = (late) => {
    begun.resolve();
    return late;
  };
  await run(first, "2025-W02");
  await begun.promise;
  await first[Symbol.asyncDispose]();
  await using second = await startOps(databaseUrl, over);
  expect((await measured(second)).overall?.scorecard?.rows).toBe(40n);
});
