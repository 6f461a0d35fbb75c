import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { UsageError } from "../errors/usage-error.ts";
import { weeklyCommandText } from "../output/given-options.ts";
import type { OpsClient } from "../remote/ops-client.ts";

/** Number of runs in which other models of a week are looked for. */
const LISTED_RUNS = 200;

/**
 * Returns the run of a week that a decision concerns: the newest revision, or the one before it when the newest was
 * withdrawn.
 * @param model name of the model; undefined: the only model that has a run of the week
 * @throws UsageError when several models have one; Error when none has one
 */
export async function findRun(
  ops: OpsClient<typeof BatchService>,
  week: string,
  model: string | undefined,
): Promise<BatchRun> {
  const { runs, nextPageToken } = await ops.answer(ops.client.listRuns({ pageSize: LISTED_RUNS }));
  const ofWeek = runs.filter((run) => run.isoWeek === week && (model === undefined || run.modelName === model));
  const models = [...new Set(ofWeek.map(({ modelName }) => modelName))];
  if (models.length > 1)
    throw new UsageError(`several models have a run of ${week}: ${models.sort().join(", ")}; name one with --model`);
  if (ofWeek.length === 0 && nextPageToken === "") throw new Error(noRunText(week, model, runs));
  const [newest] = ofWeek;
  const shown = ofWeek.find(({ state }) => state === RunState.COMPLETE);
  if (newest?.state === RunState.VOIDED && shown) return await findById(ops, shown.runId);
  const { run } = await ops.answer(ops.client.getRun({ isoWeek: week, modelName: model ?? "" }));
  if (!run) throw new Error(`ops-service returned no run of ${week}`);
  return run;
}

/** Number of other weeks that are named. */
const SHOWN_WEEKS = 5;

/**
 * Returns the message for a week without a run, with the way to run it.
 * @param runs all runs
 */
export function noRunText(week: string, model: string | undefined, runs: readonly BatchRun[]): string {
  const others = runs.filter(({ modelName }) => model === undefined || modelName === model);
  const weeks = [...new Set(others.map(({ isoWeek }) => isoWeek))].sort().reverse();
  const [shown, more] = [weeks.slice(0, SHOWN_WEEKS), weeks.length - SHOWN_WEEKS];
  const known =
    weeks.length === 0
      ? "no week has one"
      : `weeks with one: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const given = model === undefined ? {} : { model };
  return `${week} has no run${model === undefined ? "" : ` of the model ${JSON.stringify(model)}`}; ${known}. To run it: ${weeklyCommandText("run", `--week ${week} --input FILE`, given)}`;
}

async function findById(ops: OpsClient<typeof BatchService>, runId: number): Promise<BatchRun> {
  const { run } = await ops.answer(ops.client.getRun({ runId }));
  if (!run) throw new Error(`ops-service returned no run ${runId}`);
  return run;
}
