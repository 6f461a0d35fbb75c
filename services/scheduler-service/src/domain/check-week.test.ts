import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { BatchRunSchema } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { Check } from "@bellwether/plausibility/check";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { checkWeek, holdsRun, lossCountsOf } from "./check-week.ts";
import type { IngestRecord } from "./ingest-record.ts";

const POLICY = createRiskPolicy({ maxRejectedShare: 0.02, maxRejectedRows: 10, minSuppliersShare: 0.7 });
const SOURCE = { source: "weekly", file: "week.csv", digest: "a", unreadColumns: [], ruledNull: {}, cleanedIds: 0 };

function ingest(rows: number, rejected = 0): IngestRecord {
  return {
    ...{ input: "week.csv", digest: "d", sourceDigest: "a", rows },
    rejected: {
      ...{ count: rejected, repeated: 0, byStage: { reading: rejected, mapping: 0, validating: 0 } },
      ...{ bySource: { weekly: rejected }, reasons: [], samples: [] },
    },
    sources: [{ ...SOURCE, read: rows + rejected, rows, rejected }],
    profile: { columns: [], contentDigest: "c" },
  };
}

const started = (suppliers: number | null) => ({
  run: create(BatchRunSchema, { isoWeek: "2026-W47" }),
  previous: suppliers === null ? null : { week: "2026-W46", suppliers, rows: suppliers, columns: [] },
  otherInputs: [],
  shared: null,
});
const failed = (checks: readonly Check[]) =>
  checks.filter(({ outcome }) => outcome === "failed").map(({ kind, detail }) => `${kind}: ${detail}`);

test("three of 3,002 suppliers fail before a row is scored", () => {
  expect(failed(checkWeek(ingest(3), started(3_002), POLICY, false))).toEqual([
    "rows: 3 rows, 0.09 % of the 3002 of 2026-W46 (limits: 50 % to 200 %)",
    "suppliers: 3 suppliers, 0.09 % of the 3002 of 2026-W46 (limit: 70 %)",
  ]);
  expect(failed(checkWeek(ingest(3_002), started(3_002), POLICY, false))).toEqual([]);
  expect(failed(checkWeek(ingest(6_005), started(3_002), POLICY, false))).toEqual([
    "rows: 6005 rows, 200.04 % of the 3002 of 2026-W46 (limits: 50 % to 200 %)",
    "suppliers: 6005 suppliers, 200.04 % of the 3002 of 2026-W46 (limits: 70 % to 200 %)",
  ]);
});

test("rejected rows fail by both limits of the policy, with or without an earlier week", () => {
  expect(failed(checkWeek(ingest(10, 990), started(null), POLICY, false))).toEqual([
    "rejected_rows: 990 rows rejected, 99 % of the rows (limits: 2 % and 10 rows)",
  ]);
});

test("without an earlier week, every comparison is not possible, and nothing holds the run", () => {
  const checks = checkWeek(ingest(3), started(null), POLICY, false);
  expect(checks.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
    ...[
      "rows not_possible",
      "suppliers not_possible",
      "shared_suppliers not_possible",
      "rejected_rows passed",
      "same_content not_possible",
    ],
    ...["missing_column not_possible", "constant_column not_possible", "unit not_possible", "renamed_column passed"],
  ]);
  expect(holdsRun(checks, [], false)).toBe(false);
});

test("the file of another week fails", () => {
  const other = { week: "2026-W44", sourceDigest: "a", contentDigest: "" };
  expect(failed(checkWeek(ingest(9), { ...started(9), otherInputs: [other] }, POLICY, false))).toEqual([
    "same_content: the file is that of 2026-W44, byte for byte",
  ]);
});

test("rows whose newest date is half a year before the week fail", () => {
  const dated = (newestAsOf: string) => failed(checkWeek({ ...ingest(9), newestAsOf }, started(9), POLICY, false));
  expect(dated("2026-11-15")).toEqual([]);
  expect(dated("2025-12-28")).toEqual([
    "data_age: the newest date of the rows is 2025-12-28, 323 days before 2026-W47 begins (limit: 180 days); give the file of the week",
  ]);
});

test("raw files with the whole history pass: the same bytes at another date, and more rows than suppliers", () => {
  const raw = { ...ingest(29), sources: [{ ...SOURCE, read: 7_779, rows: 7_779, rejected: 0 }] };
  const other = { week: "2026-W46", sourceDigest: "a", contentDigest: "of the week before" };
  const compared = { ...started(29), otherInputs: [other] };
  expect(failed(checkWeek(raw, compared, POLICY, true))).toEqual([]);
  // The mapped rows of another week are found.
  const same = { ...compared, otherInputs: [{ ...other, contentDigest: "c" }] };
  expect(failed(checkWeek(raw, same, POLICY, true))).toEqual([
    "same_content: every mapped value is the same as in 2026-W46",
  ]);
});

test("an approval allows the checks that failed then, and no others; an acceptance beforehand allows all", () => {
  const checks = checkWeek(ingest(3), started(3_002), POLICY, false);
  expect(holdsRun(checks, [], false)).toBe(true);
  expect(holdsRun(checks, [], true)).toBe(false);
  expect(holdsRun(checks, checks, false)).toBe(false);
  expect(holdsRun(checks, checks.slice(0, 1), false)).toBe(true);
});

test("with several tables, the rows of the run are compared, as the ledger counts them, and not those of the files", () => {
  const history = { ...ingest(29), sources: [{ ...SOURCE, read: 7_779, rows: 7_779, rejected: 0 }] };
  expect(failed(checkWeek(history, started(29), POLICY, true))).toEqual([]);
});

test("rows of source tables are counted apart from rows of suppliers", () => {
  expect(lossCountsOf(ingest(90, 10), true)).toMatchObject({ rowsRead: 100, sourceRows: 100, sourceRowsRejected: 10 });
  expect(lossCountsOf(ingest(90, 10), false)).toMatchObject({ sourceRows: null, sourceRowsRejected: 0 });
});
