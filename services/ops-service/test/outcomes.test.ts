import { randomUUID } from "node:crypto";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { newUuidV7 } from "@bellwether/contract/uuid-v7";
import { type OutcomeRowSchema, OutcomeSource, OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeConflict } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf, type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

const { OCCURRED, NOT_OCCURRED } = OutcomeValue;
type Row = MessageInitShape<typeof OutcomeRowSchema>;

let cluster: PostgresServer;
let ops: OpsHarness;
let databaseUrl = "";
const suppliers = Array.from({ length: 40 }, (_, i) => ({ id: `S-${i}`, score: 0.1 + i / 100, exposure: 1_000 }));

beforeAll(async () => {
  cluster = await usePostgres();
  databaseUrl = await cluster.createDatabase();
  const losses = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };
  const riskPolicy = createRiskPolicy(losses, { reviews: { share: 0.1, maxSuppliers: 50 } });
  ops = await startOps(databaseUrl, { riskPolicy });
  for (const week of ["2026-W01", "2026-W02"]) await runWeek(ops, week, suppliers);
  // It is drawn after the answer to CompleteRun, and only for the newest week.
  await vi.waitUntil(async () => (await reviewsOf("2026-W02")).frame > 0n, { timeout: 20_000 });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const record = (
  rows: readonly Row[],
  over: {
    requestId?: string;
    onConflict?: OutcomeConflict;
    dryRun?: boolean;
    source?: OutcomeSource;
    modelName?: string;
  } = {},
) => ops.outcomes.recordOutcomes({ requestId: randomUUID(), rows: [...rows], ...over });
const reviewsOf = (isoWeek: string, openOnly = false) => ops.outcomes.listReviews({ isoWeek, openOnly });
const listed = async (supplierId: string, includeReplaced = false) =>
  (await ops.outcomes.listOutcomes({ supplierId, includeReplaced })).outcomes;

describe("RecordOutcomes", () => {
  test("stores events and outcomes of weeks with who and when, and says what it is about", async () => {
    const answer = await record([
      { supplierId: "S-1", value: OCCURRED, happenedOn: "2026-02-01", knownOn: "2026-02-20", note: "insolvency" },
      { supplierId: "S-2", value: NOT_OCCURRED, isoWeek: "2026-W01" },
    ]);
    expect(answer).toMatchObject({ recorded: 2, rejected: 0, modelName: "supplier-risk", horizonDays: 90 });
    expect(await listed("S-1")).toMatchObject([
      {
        ...{ value: OCCURRED, happenedOn: "2026-02-01", knownOn: "2026-02-20", isoWeek: "", note: "insolvency" },
        ...{ source: OutcomeSource.CALL, modelName: "supplier-risk", withdrawn: false },
      },
    ]);
    expect((await listed("S-2"))[0]?.recordedAt).toBeDefined();
  });

  test("rejects unknown suppliers, weeks and predictions, and stores the other rows", async () => {
    const answer = await record([
      { supplierId: "nobody", value: OCCURRED, happenedOn: "2026-02-01" },
      { supplierId: "S-3", value: OCCURRED, isoWeek: "2025-W40" },
      { predictionId: newUuidV7(), value: OCCURRED },
      { predictionId: randomUUID(), value: OCCURRED },
      { supplierId: "S-3", value: OCCURRED, isoWeek: "2026-W02" },
      { supplierId: "S-3", value: OCCURRED, happenedOn: "2999-01-01" },
    ]);
    expect(answer).toMatchObject({ recorded: 1, rejected: 5 });
    expect(answer.violations.map(({ row, field }) => [row, field])).toEqual([
      [0, "supplier_id"],
      [1, "iso_week"],
      [2, "prediction_id"],
      [3, "prediction_id"],
      [5, "happened_on"],
    ]);
    expect(answer.violations[1]?.reason).toBe("has no complete run of the model supplier-risk");
  });

  test("rejects a supplier that the week has not scored", async () => {
    await runWeek(ops, "2026-W03", [...suppliers, { id: "late", score: 0.5 }]);
    const { violations } = await record([{ supplierId: "late", value: OCCURRED, isoWeek: "2026-W02" }]);
    expect(violations).toMatchObject([{ field: "iso_week", reason: 'has no score of the supplier "late"' }]);
  });

  test("finds a prediction in the audit log, and with it the supplier and the week", async () => {
    const predictionId = newUuidV7(Date.parse("2026-01-07T12:00:00Z"));
    const payload = JSON.stringify({ prediction_id: predictionId, risk_score: 0.4, model: { name: "supplier-risk" } });
    const event = {
      eventId: randomUUID(),
      kind: "prediction.served",
      actor: "erp",
      subject: "S-4",
      payloadJson: payload,
    };
    const occurredAt = timestampFromMs(Date.parse("2026-01-07T12:00:01Z"));
    await ops.audit.appendEvents(
      (async function* () {
        yield { events: [{ ...event, occurredAt }] };
      })(),
    );
    expect(await record([{ predictionId, value: OCCURRED, happenedOn: "2026-02-03" }])).toMatchObject({ recorded: 1 });
    expect(await listed("S-4")).toMatchObject([{ predictionId, isoWeek: "2026-W02", happenedOn: "2026-02-03" }]);
    const elsewhere = await record([{ predictionId, value: OCCURRED, isoWeek: "2026-W01" }]);
    expect(elsewhere.violations).toMatchObject([
      { field: "iso_week", value: "2026-W01", reason: "is not the week of the prediction, 2026-W02" },
    ]);
    expect(await listed("S-4")).toHaveLength(1);
  });

  test("rejects contradictions within a request and with what is stored, and counts what is the same", async () => {
    const week = { supplierId: "S-5", isoWeek: "2026-W01" };
    const answer = await record([
      { ...week, value: NOT_OCCURRED },
      { ...week, value: OCCURRED },
      { ...week, value: NOT_OCCURRED },
    ]);
    expect(answer).toMatchObject({ recorded: 1, unchanged: 1, rejected: 1 });
    expect(answer.violations[0]?.reason).toContain("contradicts row 0");
    expect(await record([{ ...week, value: NOT_OCCURRED }])).toMatchObject({ unchanged: 1, recorded: 0 });
    const contrary = await record([{ ...week, value: OCCURRED }]);
    expect(contrary).toMatchObject({ rejected: 1, recorded: 0 });
    expect(contrary.violations[0]?.reason).toMatch(/^contradicts the outcome [0-9a-f-]{36}, NOT_OCCURRED; /);
  });

  test("a new note of a repeated outcome is counted and not stored; with CORRECT it replaces the outcome", async () => {
    const week = { supplierId: "S-12", isoWeek: "2026-W01", value: NOT_OCCURRED };
    await record([{ ...week, note: "first" }]);
    const repeated = await record([
      { ...week, note: "second" },
      { ...week, note: "third" },
    ]);
    expect(repeated).toMatchObject({ unchanged: 2, keptNotes: 2, corrected: 0 });
    expect(await record([week])).toMatchObject({ unchanged: 1, keptNotes: 0 });
    expect(await record([{ ...week, note: "first" }], { onConflict: OutcomeConflict.CORRECT })).toMatchObject({
      ...{ unchanged: 1, keptNotes: 0, corrected: 0 },
    });
    expect(await listed("S-12")).toMatchObject([{ note: "first" }]);
    expect(await record([{ ...week, note: "second" }], { onConflict: OutcomeConflict.CORRECT })).toMatchObject({
      ...{ corrected: 1, unchanged: 0, keptNotes: 0 },
    });
    expect(await listed("S-12")).toMatchObject([{ note: "second" }]);
    expect(await listed("S-12", true)).toHaveLength(2);
  });

  test("another known_on is rejected with what is stored; with CORRECT it is stored, and the rest is kept", async () => {
    const week = { supplierId: "S-13", isoWeek: "2026-W01", value: OCCURRED };
    await record([{ ...week, knownOn: "2026-02-10", note: "court notice" }]);
    const other = { ...week, knownOn: "2026-03-10" };
    const rejected = await record([other]);
    expect(rejected).toMatchObject({ rejected: 1, unchanged: 0 });
    expect(rejected.violations).toMatchObject([
      {
        ...{ field: "known_on", value: "2026-03-10" },
        reason: expect.stringMatching(
          /^contradicts the outcome [0-9a-f-]{36}, which was known from 2026-02-10; to replace it, set on_conflict to CORRECT$/,
        ),
      },
    ]);
    // A row without known_on says nothing about the day: neither a contradiction nor a correction of it.
    expect(await record([week])).toMatchObject({ unchanged: 1 });
    const correct = { onConflict: OutcomeConflict.CORRECT };
    expect(await record([week], correct)).toMatchObject({ unchanged: 1, corrected: 0 });
    expect(await record([week, { ...week, knownOn: "2026-02-10" }, other])).toMatchObject({
      unchanged: 2,
      rejected: 1,
    });
    expect(await record([other], correct)).toMatchObject({ corrected: 1 });
    expect(await record([{ ...week, note: "court notice 7" }], correct)).toMatchObject({ corrected: 1 });
    expect((await listed("S-13", true)).map(({ knownOn, note }) => [knownOn, note])).toEqual([
      ["2026-03-10", "court notice 7"],
      ["2026-03-10", "court notice"],
      ["2026-02-10", "court notice"],
    ]);
    expect(await listed("S-13")).toHaveLength(1);
  });

  test("replaces what a row contradicts when asked, and keeps the trace", async () => {
    const week = { supplierId: "S-6", isoWeek: "2026-W01" };
    await record([{ ...week, value: NOT_OCCURRED }]);
    const corrected = await record([{ ...week, value: OCCURRED, note: "found later" }], {
      onConflict: OutcomeConflict.CORRECT,
    });
    expect(corrected).toMatchObject({ corrected: 1, recorded: 0 });
    const [now, before, ...others] = await listed("S-6", true);
    expect(others).toEqual([]);
    expect([now?.value, before?.value]).toEqual([OCCURRED, NOT_OCCURRED]);
    expect(now?.replacesOutcomeId).toBe(before?.outcomeId);
    expect(before?.replacedByOutcomeId).toBe(now?.outcomeId);
    expect(await listed("S-6")).toHaveLength(1);
  });

  test("a dry run answers the same and stores nothing; a repeated request answers as the first one", async () => {
    const row = { supplierId: "S-7", value: OCCURRED, happenedOn: "2026-02-01" };
    expect(await record([row], { dryRun: true })).toMatchObject({ recorded: 1 });
    expect(await listed("S-7")).toEqual([]);
    const requestId = randomUUID();
    expect(await record([row], { requestId })).toMatchObject({ recorded: 1, repeatedRequest: false });
    expect(await record([row], { requestId })).toMatchObject({ recorded: 1, repeatedRequest: true });
    const upper = requestId.toUpperCase();
    expect(await record([row], { requestId: upper })).toMatchObject({ recorded: 1, repeatedRequest: true });
    const other = record([{ ...row, happenedOn: "2026-02-02" }], { requestId });
    expect((await failureOf(other)).code).toBe(Code.Aborted);
    expect(await listed("S-7")).toHaveLength(1);
  });

  test("the spelling of a prediction's id is no difference between two requests", async () => {
    const requestId = randomUUID();
    const row = { supplierId: "S-7", predictionId: randomUUID() };
    expect(await record([row], { requestId })).toMatchObject({ rejected: 1 });
    const upper = { ...row, predictionId: row.predictionId.toUpperCase() };
    expect(await record([upper], { requestId })).toMatchObject({ rejected: 1, repeatedRequest: true });
  });

  test("two contradictory requests at the same time: one is stored, the other is rejected", async () => {
    const week = { supplierId: "S-8", isoWeek: "2026-W01" };
    const both = await Promise.all([OCCURRED, NOT_OCCURRED].map((value) => record([{ ...week, value }])));
    expect(both.map(({ recorded }) => recorded).sort()).toEqual([0, 1]);
    expect(await listed("S-8")).toHaveLength(1);
  });

  test("rejects a model without a complete run", async () => {
    const failure = await failureOf(
      record([{ supplierId: "S-1", value: OCCURRED, happenedOn: "2026-02-01" }], { modelName: "other" }),
    );
    expect(failure.code).toBe(Code.NotFound);
  });
});

describe("CorrectOutcome", () => {
  test("replaces or withdraws an outcome with a reason, once, and the audit log has it", async () => {
    await record([{ supplierId: "S-9", value: OCCURRED, happenedOn: "2026-02-01" }]);
    const [{ outcomeId = "" } = {}] = await listed("S-9");
    const outcome = { value: OCCURRED, happenedOn: "2026-02-11", knownOn: "2026-03-01" };
    const reason = "wrong day";
    const answer = await ops.outcomes.correctOutcome({ outcomeId, outcome, reason });
    expect(answer.outcome).toMatchObject({ happenedOn: "2026-02-11", note: reason, replacesOutcomeId: outcomeId });
    expect((await failureOf(ops.outcomes.correctOutcome({ outcomeId, reason }))).code).toBe(Code.Aborted);
    const present = answer.outcome?.outcomeId ?? "";
    await ops.outcomes.correctOutcome({ outcomeId: present, reason: "another company" });
    expect(await listed("S-9")).toEqual([]);
    expect(await listed("S-9", true)).toMatchObject([{ withdrawn: true }, {}, { outcomeId }]);
    const { records } = await ops.audit.queryEvents({ kind: "outcomes.corrected", pageSize: 10 });
    expect(records).toHaveLength(2);
    // What was withdrawn can be recorded again.
    expect(await record([{ supplierId: "S-9", value: OCCURRED, happenedOn: "2026-02-11" }])).toMatchObject({
      recorded: 1,
    });
  });

  test("rejects an invalid correction with its fields, an unknown id, and a day that has another outcome", async () => {
    await record(
      ["2026-02-01", "2026-02-02"].map((happenedOn) => ({ supplierId: "S-10", value: OCCURRED, happenedOn })),
    );
    const [{ outcomeId = "" } = {}] = await listed("S-10");
    const correct = (happenedOn: string) =>
      ops.outcomes.correctOutcome({ outcomeId, outcome: { value: OCCURRED, happenedOn }, reason: "x" });
    expect((await failureOf(correct("2999-01-01"))).code).toBe(Code.InvalidArgument);
    expect((await failureOf(correct("2026-02-01"))).message).toContain("has another outcome of the supplier");
    const unknown = ops.outcomes.correctOutcome({ outcomeId: randomUUID(), reason: "x" });
    expect((await failureOf(unknown)).code).toBe(Code.NotFound);
  });
});

test("ListOutcomes returns each outcome once over all pages, newest first", async () => {
  const ids: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.outcomes.listOutcomes({ pageSize: 2, pageToken, includeReplaced: true });
    ids.push(...page.outcomes.map(({ outcomeId }) => outcomeId));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  expect(ids.length).toBeGreaterThan(8);
  expect(new Set(ids).size).toBe(ids.length);
});

describe("the review sample", () => {
  test("has random suppliers without an alert, and takes answers", async () => {
    const drawn = await reviewsOf("2026-W02");
    expect(drawn).toMatchObject({ isoWeek: "2026-W02", modelName: "supplier-risk", frame: 30n });
    expect(drawn.reviews).toHaveLength(3);
    expect(drawn.seed).toBeGreaterThan(0n);
    const { alerts } = await ops.alerts.listAlerts({});
    const alerted = alerts.map(({ supplierId }) => supplierId);
    expect(alerted).toHaveLength(10);
    expect(drawn.reviews.filter(({ supplierId }) => alerted.includes(supplierId))).toEqual([]);
    const supplierId = drawn.reviews.at(-1)?.supplierId ?? "";
    // A review judges the supplier on that day, before the horizon is over.
    const row = { supplierId, value: NOT_OCCURRED, isoWeek: "2026-W02", knownOn: "2026-01-12" };
    const answered = await record([row], { source: OutcomeSource.REVIEW, onConflict: OutcomeConflict.CORRECT });
    expect(answered).toMatchObject({ rejected: 0 });
    expect((await reviewsOf("2026-W02", true)).reviews.length).toBeLessThan(3);
    const { reviews } = await reviewsOf("2026-W02");
    expect(reviews.find((review) => review.supplierId === supplierId)?.answer).toBe(NOT_OCCURRED);
  });

  test("rejects an answer about a supplier or a week that is not in a sample, and stores the other answers", async () => {
    const { reviews } = await reviewsOf("2026-W02");
    const [drawn = ""] = reviews.map(({ supplierId }) => supplierId);
    const ids = new Set(reviews.map(({ supplierId }) => supplierId));
    const other = suppliers.find(({ id }) => !ids.has(id))?.id ?? "";
    const answer = { value: NOT_OCCURRED, isoWeek: "2026-W02", knownOn: "2026-01-12" };
    const { recorded, violations } = await record(
      [
        { ...answer, supplierId: other },
        { ...answer, supplierId: drawn },
        { ...answer, supplierId: drawn, isoWeek: "2026-W01" },
        { supplierId: drawn, value: OCCURRED, happenedOn: "2026-02-20" },
      ],
      { source: OutcomeSource.REVIEW },
    );
    expect(recorded).toBe(1);
    expect(violations.map(({ row, field, value, reason }) => [row, field, value, reason])).toEqual([
      [
        0,
        "supplier_id",
        other,
        "is not in the review sample of 2026-W02; ListReviews lists the suppliers of the sample",
      ],
      [
        2,
        "supplier_id",
        drawn,
        "is not in the review sample of 2026-W01; ListReviews lists the suppliers of the sample",
      ],
      [3, "iso_week", "", "is missing; an answer to a review names the week of the sample"],
    ]);
  });

  test("is drawn once: another start changes nothing", async () => {
    const before = await reviewsOf("2026-W02");
    await using second = await startOps(databaseUrl);
    await runWeek(second, "2026-W04", suppliers);
    await vi.waitUntil(async () => (await reviewsOf("2026-W04")).frame > 0n, { timeout: 20_000 });
    expect(await reviewsOf("2026-W02")).toEqual(before);
  });

  test("rejects a week that does not exist, and is empty for a week without a sample", async () => {
    expect((await failureOf(reviewsOf("2025-W53"))).code).toBe(Code.InvalidArgument);
    expect(await reviewsOf("2020-W10")).toMatchObject({ reviews: [], frame: 0n });
  });
});
