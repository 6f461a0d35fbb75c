import {
  DriftAspect,
  type DriftComparisonSchema,
  DriftKind,
  DriftOutcome,
  DriftReference,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpsHarness, startOps, testChunk } from "./ops-harness.ts";

let cluster: PostgresServer;
let ops: OpsHarness;
beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase());
});
afterAll(async () => {
  await ops[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const comparison = (
  fields: MessageInitShape<typeof DriftComparisonSchema> = {},
): MessageInitShape<typeof DriftComparisonSchema> => ({
  ...{ reference: DriftReference.TRAINING, aspect: DriftAspect.VALUES, outcome: DriftOutcome.ALARM },
  ...{
    referenceRows: 900n,
    presentRows: 1_000n,
    effect: 0.21,
    effectNoise: 0.03,
    shift: -0.2,
    psi: 0.1,
    psiNoise: 0.02,
  },
  ...{ pValue: 0.0001, referenceValue: 12, presentValue: 10, text: "delay fell by 0.20 σ since training (alarm)" },
  bins: [
    { upper: 10, referenceShare: 0.4, presentShare: 0.6 },
    { lower: 10, referenceShare: 0.6, presentShare: 0.4 },
  ],
  ...fields,
});
const missing = comparison({
  ...{ reference: DriftReference.PREVIOUS_WEEK, referenceWeek: "2026-W09", aspect: DriftAspect.MISSING },
  ...{ outcome: DriftOutcome.TOO_FEW_ROWS, bins: [], text: "as before since 2026-W09 (too few rows to test)" },
});

test("a run keeps its drift with both distributions, the list of runs without them, and alarms are audited", async () => {
  const { lease } = await ops.batch.startRun({ isoWeek: "2026-W10", modelName: "risk", holder: "test" });
  await ops.batch.submitChunk(testChunk(lease, 0, [{ id: "a", score: 0.1 }]));
  const category = comparison({ category: "EU", outcome: DriftOutcome.NO_ALARM, text: "region: EU rose" });
  const drift = [
    { feature: "delay", psi: 0.1, kind: DriftKind.NUMERIC, comparisons: [comparison(), missing] },
    { feature: "region", psi: 0.5, kind: DriftKind.CATEGORY, comparisons: [category] },
  ];
  const totals = { ...(lease && { lease }), rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1, drift };
  await ops.batch.completeRun(totals);
  const { run } = await ops.batch.getRun({ isoWeek: "2026-W10", modelName: "risk" });
  expect(run?.drift).toMatchObject(drift);
  expect(run?.drift[0]?.comparisons[1]).not.toHaveProperty("category");
  const { runs } = await ops.batch.listRuns({});
  expect(runs[0]?.drift[0]?.comparisons[0]).toMatchObject({ effect: 0.21, bins: [] });
  const { records } = await ops.audit.queryEvents({ kind: "run.drift_alarms" });
  expect(JSON.parse(records[0]?.event?.payloadJson ?? "")).toEqual({
    ...{ isoWeek: "2026-W10", modelName: "risk", count: 1 },
    alarms: [{ feature: "delay", reference: "training", aspect: "values", effect: 0.21, shift: -0.2, pValue: 0.0001 }],
  });
});

test("a drift that is not a number, has too many bins or no text is rejected with its field", async () => {
  const { lease } = await ops.batch.startRun({ isoWeek: "2026-W11", modelName: "risk", holder: "test" });
  const send = (one: MessageInitShape<typeof DriftComparisonSchema>) =>
    ops.batch.completeRun({
      ...(lease && { lease }),
      drift: [{ feature: "delay", psi: 0, kind: DriftKind.NUMERIC, comparisons: [one] }],
    });
  await expect(send(comparison({ effect: Number.NaN }))).rejects.toThrow(/effect/);
  await expect(send(comparison({ pValue: 1.1 }))).rejects.toThrow(/pValue|p_value/);
  await expect(send(comparison({ text: "" }))).rejects.toThrow(/text/);
  const bins = Array.from({ length: 25 }, () => ({ referenceShare: 0, presentShare: 0 }));
  await expect(send(comparison({ bins }))).rejects.toThrow(/bins/);
});
