import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { UsageError } from "../errors/usage-error.ts";
import { weeklyCommandText } from "../output/given-options.ts";
import type { OpsClient } from "../remote/ops-client.ts";
import { stateText } from "./run-text.ts";

/** Number of runs in which other models of a week are looked for. */
const LISTED_RUNS = 200;

/**
 * Returns the run of a week that a decision concerns: the newest revision, or the one before it when the newest was
 * withdrawn.
 * @param model name of the model; undefined: the only model that has a run of the week
 * @param state only models with a run of the week in this state count, when `model` is undefined and one has it
 * @throws UsageError when several models have one; Error when none has one
 */
export async function findRun(
  ops: OpsClient<typeof BatchService>,
  week: string,
  model: string | undefined,
  state?: RunState,
): Promise<BatchRun> {
  const { runs, nextPageToken } = await ops.answer(ops.client.listRuns({ pageSize: LISTED_RUNS }));
  const ofWeek = runsOfOneModel(
    runs.filter((run) => run.isoWeek === week && (model === undefined || run.modelName === model)),
    week,
    state,
  );
  if (ofWeek.length === 0 && nextPageToken === "") throw new Error(noRunText(week, model, runs));
  const [newest] = ofWeek;
  const shown = ofWeek.find(({ state }) => state === RunState.COMPLETE);
  if (newest?.state === RunState.VOIDED && shown) return await findById(ops, shown.runId);
  const modelName = model ?? newest?.modelName ?? "";
  const { run } = await ops.answer(ops.client.getRun({ isoWeek: week, modelName }));
  if (!run) throw new Error(`ops-service returned no run of ${week}`);
  return run;
}

/**
 * Returns the runs of the only model among them.
 * @param runs of one week, latest first
 * @param state when exactly one model has a run in this state, it is that model
 * @throws UsageError when there are several models
 */
export function runsOfOneModel(runs: readonly BatchRun[], week: string, state?: RunState): readonly BatchRun[] {
  const newest = new Map(runs.toReversed().map((run) => [run.modelName, run]));
  if (newest.size <= 1) return runs;
  const able = new Set(runs.filter((run) => run.state === state).map(({ modelName }) => modelName));
  if (able.size === 1) return runs.filter(({ modelName }) => able.has(modelName));
  const models = [...newest].map(([name, run]) => `${name} (${stateText(run.state)})`).sort();
  throw new UsageError(`several models have a run of ${week}: ${models.join(", ")}; name one with --model`);
}

/** Returns the newest run of a week. Undefined: the week has none. @param model undefined: of all models */
export async function newestRun(
  { client, answer }: OpsClient<typeof BatchService>,
  week: string,
  model: string | undefined,
): Promise<BatchRun | undefined> {
  const { runs } = await answer(client.listRuns({ pageSize: LISTED_RUNS }));
  const own = runs.filter((one) => one.isoWeek === week && (model === undefined || one.modelName === model));
  return own.toSorted((a, b) => b.runId - a.runId)[0];
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
