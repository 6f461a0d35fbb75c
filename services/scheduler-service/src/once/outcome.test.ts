import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  BatchRunSchema,
  CheckKind,
  CheckOutcome,
  LossLimit,
  RunLossesSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { MappingSqlError } from "@bellwether/ingest/ingest-errors";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  InputNotFoundError,
  LossLimitError,
  PeerUnavailableError,
  RunHeldError,
  WeekCompleteError,
} from "../domain/scheduler-error.ts";
import { checkFailureToJson, failureToJson, outcomeToJson } from "./outcome.ts";

const LOSSES = create(RunLossesSchema, {
  ...{ rowsRejected: 2_999n, rejectedShare: 0.999, maxRejectedShare: 0.02, maxRejectedRows: 10n },
  ...{ suppliers: 3n, previousSuppliers: 3_002n, previousWeek: "2026-W46", minSuppliersShare: 0.7 },
  exceeded: [LossLimit.REJECTED_ROWS, LossLimit.SUPPLIERS],
});

test("rows without a risk score are counted among the scored rows; none are known before the run is complete", () => {
  const counts = { rowsRead: 10n, rowsScored: 9n, rowsRejected: 1n };
  const bands = [Band.HIGH, Band.UNKNOWN].map((band) => ({ band, rows: BigInt(band) * 2n }));
  const outcome = (fields: MessageInitShape<typeof BatchRunSchema>) =>
    outcomeToJson(
      { run: create(BatchRunSchema, { ...counts, ...fields }), wasComplete: false, rejected: [], notes: [] },
      "/w",
    );
  expect(outcome({ bands })).toMatchObject({ rows_scored: 9, rows_without_score: 2, rows_rejected: 1 });
  expect(outcome({})).toMatchObject({ rows_scored: 9, rows_without_score: 0 });
});

test("an overtaken run reports that the rules were not evaluated, and the later week", () => {
  const run = create(BatchRunSchema, { isoWeek: "2026-W40", overtakenBy: "2026-W41", configHash: "c".repeat(64) });
  const sample = { file: "week.csv", line: 2, text: "98.32%", detail: "; set percent: share" };
  const rejected = [{ column: "late_ratio", reason: "not a number", rows: 5, sample }];
  expect(
    outcomeToJson({ run, wasComplete: false, rejected, notes: ["rules not evaluated"] }, "/weeks/2026-W40"),
  ).toMatchObject({
    rejected_reasons: rejected,
    ...{ rules_evaluated: false, overtaken_by: "2026-W41", was_complete: false, losses: null },
    ...{ config_hash: "c".repeat(64), notes: ["rules not evaluated"], report: "/weeks/2026-W40/report.json" },
  });
});

test("a run that exceeds the loss limits reports its figures", () => {
  expect(failureToJson(new LossLimitError("2026-W47 is not published", LOSSES))).toEqual({
    reason: "LOSS_LIMIT",
    message: "2026-W47 is not published",
    rejected_reasons: [],
    losses: {
      ...{ rows_rejected: 2_999, rows_repeated: 0, rejected_share: 0.999, max_rejected_share: 0.02 },
      ...{ max_rejected_rows: 10, suppliers: 3, previous_suppliers: 3_002, previous_week: "2026-W46" },
      ...{ min_suppliers_share: 0.7, exceeded: ["rejected_rows", "suppliers"], accepted: null },
    },
  });
});

test("a run that gives up for a temporary error says what continues it", () => {
  expect(failureToJson(new PeerUnavailableError("ops-service", "connect ECONNREFUSED"))).toEqual({
    reason: "RUN_FAILED",
    message:
      "ops-service does not answer (connect ECONNREFUSED); run the command again later, and the run continues where it stopped",
  });
});

test("a held run reports its failed checks and both ways out", () => {
  const checks = [
    { kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "spend", value: 100, limit: 20, detail: "× 100" },
    { kind: CheckKind.ROWS, outcome: CheckOutcome.FAILED, detail: "3 rows after 3002" },
    { kind: CheckKind.SUPPLIERS, outcome: CheckOutcome.PASSED, detail: "as before" },
  ];
  const error = new RunHeldError(
    create(BatchRunSchema, { isoWeek: "2026-W47", modelName: "supplier-risk", runId: 7, checks }),
  );
  expect(error.message).toBe(
    "2026-W47 is held, and nothing of it is published: spend: × 100; 3 rows after 3002. Publish it (bellwether weekly approve --week 2026-W47 --model supplier-risk --reason TEXT), withdraw it (bellwether weekly void --week 2026-W47 --model supplier-risk --reason TEXT), or run a corrected file",
  );
  expect(failureToJson(error)).toMatchObject({
    ...{ reason: "RUN_HELD", iso_week: "2026-W47", run_id: 7 },
    checks: [
      { kind: "unit", column: "spend", detail: "× 100", value: 100, limit: 20 },
      { kind: "rows", column: "", detail: "3 rows after 3002", value: null, limit: null },
    ],
  });
});

test("a complete week that is sent with other content reports both digests", () => {
  const error = new WeekCompleteError(
    "2026-W47",
    { sourceDigest: "a", configHash: "c" },
    { sourceDigest: "b", configHash: "c" },
  );
  expect(error.message).toContain("nothing was replaced. If the file is for another week, name that week");
  expect(error.message).toContain(
    "ask for a new revision (bellwether weekly supersede --week 2026-W47 --reason TEXT), then run the corrected file",
  );
  expect(failureToJson(error)).toMatchObject({
    reason: "WEEK_COMPLETE",
    recorded: { source_digest: "a", config_hash: "c" },
    given: { source_digest: "b", config_hash: "c" },
  });
  expect(failureToJson("gone")).toEqual({ reason: "RUN_FAILED", message: "gone" });
});

test("a check says that a run would fail by an error of the mapping; a missing file is not a failure of a run", () => {
  expect(checkFailureToJson(new MappingSqlError("weekly.rows", "no column c"), "2026-W47")).toEqual({
    reason: "CHECK_FAILED",
    message: "a run of 2026-W47 with this file would fail: mapping, weekly.rows: no column c",
  });
  const missing = new InputNotFoundError("week.csv");
  const expected = { reason: "INPUT_NOT_FOUND", message: missing.message };
  expect([checkFailureToJson(missing, "2026-W47"), failureToJson(missing)]).toEqual([expected, expected]);
});
