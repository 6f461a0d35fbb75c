import { BatchRunSchema, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { firstWeekText } from "./first-week-text.ts";

const COUNTS = "10500 rows read = 10498 scored + 2 rejected; 172 alerts raised";
const run = (state: RunState) =>
  create(BatchRunSchema, {
    ...{ isoWeek: "2026-W48", state, rowsRead: 10_500n, rowsScored: 10_498n, rowsRejected: 2n, alertsRaised: 172 },
    ...{ completedAt: timestampFromDate(new Date("2026-12-01T02:13:45Z")), failure: "the file is empty" },
  });

test("a week that was complete before the start says since when; a week that the start has run does not", () => {
  const complete = run(RunState.COMPLETE);
  expect(firstWeekText({ run: complete, wasComplete: true })).toBe(
    `week 2026-W48 is complete (since 2026-12-01 02:13 UTC): ${COUNTS}`,
  );
  expect(firstWeekText({ run: complete, wasComplete: false })).toBe(`week 2026-W48: ${COUNTS}`);
});

test("a week that is not complete says its state and the command; without a run nothing is said", () => {
  expect(firstWeekText({ run: run(RunState.FAILED), wasComplete: false })).toBe(
    "week 2026-W48 is failed: the file is empty; see npx bellwether weekly status",
  );
  expect(firstWeekText({ run: null, wasComplete: false })).toBe("");
});
