import { oneLine } from "@bellwether/contract/reason-text";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Command, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek, wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { JSON_FLAG, OPS_FLAG } from "../remote/shared-options.ts";
import {
  approvalText,
  noRunsText,
  reasonText,
  rowsWithoutScore,
  runToJson,
  STATE_NAMES,
  stateText,
  supersedeText,
  withoutScoreText,
} from "./run-text.ts";

/** Which runs are listed. */
export interface ListOptions {
  readonly model?: string;
  readonly week?: string;
  readonly state?: string;
  readonly limit: number;
  readonly ops?: string;
  readonly json?: boolean;
}

/** Number of runs that one call reads. */
const PAGE_SIZE = 200;

/** `bellwether weekly list` */
export function listCommand(context: CliContext): Command {
  return new Command("list")
    .description(
      "List the runs of all weeks with all revisions, and the state and result of each run. The run that started last is first.",
    )
    .option("--model <name>", "only the runs of this model (default: all models)")
    .option("--week <week>", "only the runs of this ISO week, for example 2026-W10", isoWeek)
    .addOption(new Option("--state <state>", "only the runs in this state").choices(STATE_NAMES))
    .option("--limit <count>", "maximum number of runs, 1 to 10000", wholeNumber(1, 10_000), 50)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether weekly list\n  npx bellwether weekly list --week 2026-W10\n  npx bellwether weekly list --model supplier-risk --state complete --json | jq -r '.runs[].iso_week'",
    )
    .action(async (options: ListOptions) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, BatchService);
      const { runs, isMore, revisions } = await readRuns(ops, options);
      for (const run of runs) report.line(runLine(run, revisions));
      if (runs.length === 0) report.line("no run");
      if (isMore) report.line(`the first ${countText(runs.length, "run")}; --limit shows more`);
      report.json({ runs: runs.map(runJson), more: isMore });
    });
}

async function readRuns(
  { client, answer }: OpsClient<typeof BatchService>,
  { model, week, state, limit }: ListOptions,
): Promise<{ readonly runs: readonly BatchRun[]; readonly isMore: boolean; readonly revisions: Revisions }> {
  const runs: BatchRun[] = [];
  const revisions = new Map<number, number>();
  const models = new Set<string>();
  let pageToken = "";
  do {
    const page = await answer(client.listRuns({ pageSize: PAGE_SIZE, pageToken }));
    for (const { runId, revision, modelName } of page.runs) {
      revisions.set(runId, revision);
      models.add(modelName);
    }
    runs.push(
      ...page.runs.filter(
        (run) =>
          (model === undefined || run.modelName === model) &&
          (week === undefined || run.isoWeek === week) &&
          (state === undefined || stateText(run.state) === state),
      ),
    );
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && runs.length <= limit);
  if (model !== undefined && !models.has(model)) throw new UsageError(noRunsText(model, models));
  return { runs: runs.slice(0, limit), isMore: runs.length > limit, revisions };
}

/** Revisions by the id of their run. */
type Revisions = ReadonlyMap<number, number>;

/** Returns a run in one line. */
export function runLine(run: BatchRun, revisions: Revisions): string {
  const { isoWeek: week, modelName, revision, state, startedAt, rowsScored, rowsRejected, alertsRaised } = run;
  const wasScored =
    state !== RunState.MISSED && state !== RunState.HELD && (rowsScored > 0n || state === RunState.COMPLETE);
  const counts = wasScored
    ? `${rowsScored} scored${withoutScoreText(rowsWithoutScore(run))} + ${rowsRejected} rejected; ${countText(alertsRaised, "alert")} raised`
    : heldCounts(run);
  const waits = state === RunState.HELD && run.approved ? "the scheduler continues it within a minute" : "";
  const approval = [oneLine(approvalText(run)), waits];
  const parts = [counts, reasonText(run), ...approval, revisionText(run, revisions), supersedeText(run)];
  return [
    `${week}  ${modelName}  revision ${revision}  ${stateText(state).padEnd(10)}`,
    ...(startedAt ? [timestampDate(startedAt).toISOString()] : []),
    parts.filter((part) => part !== "").join("; "),
  ]
    .join("  ")
    .trimEnd();
}

/** Returns the counts of a held run, whose scores do not count yet; "" for another run, or when no row was read. */
const heldCounts = ({ state, rowsRead, rowsRejected }: BatchRun): string =>
  state === RunState.HELD && rowsRead !== undefined && rowsRead > 0n
    ? `${countText(rowsRead, "row")} read, ${rowsRejected} of them rejected; nothing published`
    : "";

function revisionText(
  { revision, state, supersedesRunId, supersededByRunId, completedAt }: BatchRun,
  revisions: Revisions,
): string {
  const nameOf = (runId: number, other: string): string => {
    const known = revisions.get(runId);
    return known === undefined ? other : `revision ${known}`;
  };
  if (supersededByRunId !== undefined) return `replaced by ${nameOf(supersededByRunId, "a later revision")}`;
  if (supersedesRunId === undefined) return "";
  // The second revision can replace only the first one.
  const replaced = revision === 2 ? "revision 1" : nameOf(supersedesRunId, "an earlier revision");
  if (state === RunState.COMPLETE || state === RunState.SUPERSEDED) return `replaced ${replaced}`;
  if (state === RunState.VOIDED) return completedAt ? `had replaced ${replaced}` : `was to replace ${replaced}`;
  return `is to replace ${replaced}`;
}

const runJson = (run: BatchRun): object => ({
  ...runToJson(run),
  ...{ alerts_raised: run.alertsRaised, overtaken_by: run.overtakenBy || null },
  ...{ supersedes_run_id: run.supersedesRunId ?? null, superseded_by_run_id: run.supersededByRunId ?? null },
  started_at: run.startedAt ? timestampDate(run.startedAt).toISOString() : null,
  completed_at: run.completedAt ? timestampDate(run.completedAt).toISOString() : null,
});
