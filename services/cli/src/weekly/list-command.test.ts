import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type BatchRun, BatchRunSchema, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { runLine } from "./list-command.ts";

const startedAt = timestampFromDate(new Date("2026-11-23T06:00:00Z"));
const run = (state: RunState, fields: MessageInitShape<typeof BatchRunSchema> = {}): BatchRun =>
  create(BatchRunSchema, { isoWeek: "2026-W47", state, modelName: "supplier-risk", revision: 1, startedAt, ...fields });

/** Run 9 is not among the runs that were read. */
const REVISIONS = new Map([[7, 2]]);

test("a line has week, model, revision, state and time, and what became of the run", () => {
  const counts = { rowsScored: 10n, rowsRejected: 1n, alertsRaised: 2 };
  const decided = { reason: "the file was that\nof May", actor: "jane" };
  expect(
    [
      run(RunState.COMPLETE, { ...counts, revision: 3, supersedesRunId: 7, approved: decided }),
      run(RunState.SUPERSEDED, { ...counts, supersededByRunId: 9 }),
      run(RunState.COMPLETE, { ...counts, supersedeRequested: decided }),
      run(RunState.VOIDED, { ...counts, voided: decided }),
      run(RunState.COMPLETE, {
        ...counts,
        bands: [
          { band: Band.LOW, rows: 7n },
          { band: Band.UNKNOWN, rows: 3n },
        ],
      }),
      run(RunState.RUNNING, { revision: 2, supersedesRunId: 5 }),
      run(RunState.RUNNING, { revision: 4, supersedesRunId: 5 }),
      run(RunState.SUPERSEDED, { supersededByRunId: 7 }),
      run(RunState.HELD, { approved: decided }),
      run(RunState.HELD, { rowsRead: 11n, ...counts }),
      run(RunState.VOIDED, { revision: 3, supersedesRunId: 7 }),
      run(RunState.VOIDED, { revision: 3, supersedesRunId: 7, completedAt: startedAt }),
      run(RunState.SUPERSEDED, { revision: 3, supersedesRunId: 7 }),
      run(RunState.MISSED, { missedReason: "week.csv does not exist" }),
    ].map((one) =>
      runLine(one, REVISIONS)
        .replace("2026-W47  supplier-risk  revision ", "")
        .replace("2026-11-23T06:00:00.000Z", "T"),
    ),
  ).toEqual([
    "3  complete    T  10 scored + 1 rejected; 2 alerts raised; jane approved it: the file was that of May; replaced revision 2",
    "1  superseded  T  10 scored + 1 rejected; 2 alerts raised; replaced by a later revision",
    "1  complete    T  10 scored + 1 rejected; 2 alerts raised; jane has asked for a new revision: the file was that of May",
    "1  voided      T  10 scored + 1 rejected; 2 alerts raised; by jane: the file was that of May",
    "1  complete    T  10 scored (3 without a risk score: band unknown) + 1 rejected; 2 alerts raised",
    "2  running     T  is to replace revision 1",
    "4  running     T  is to replace an earlier revision",
    "1  superseded  T  replaced by revision 2",
    "1  held        T  jane approved it: the file was that of May; the scheduler continues it within a minute",
    "1  held        T  11 rows read, 1 of them rejected; nothing published",
    "3  voided      T  was to replace revision 2",
    "3  voided      T  had replaced revision 2",
    "3  superseded  T  replaced revision 2",
    "1  missed      T  week.csv does not exist",
  ]);
});
