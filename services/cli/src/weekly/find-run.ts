import type { BatchRun } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { UsageError } from "../errors/usage-error.ts";
import type { OpsClient } from "../remote/ops-client.ts";

/** Number of runs in which other models of a week are looked for. */
const LISTED_RUNS = 200;

/**
 * Returns the newest run of a week.
 * @param model name of the model; undefined: the only model that has a run of the week
 * @throws UsageError when several models have one
 */
export async function findRun(
  ops: OpsClient<typeof BatchService>,
  week: string,
  model: string | undefined,
): Promise<BatchRun> {
  if (model === undefined) {
    const { runs } = await ops.answer(ops.client.listRuns({ pageSize: LISTED_RUNS }));
    const models = [...new Set(runs.filter(({ isoWeek }) => isoWeek === week).map(({ modelName }) => modelName))];
    if (models.length > 1)
      throw new UsageError(`several models have a run of ${week}: ${models.sort().join(", ")}; name one with --model`);
  }
  const { run } = await ops.answer(ops.client.getRun({ isoWeek: week, modelName: model ?? "" }));
  if (!run) throw new Error(`ops-service returned no run of ${week}`);
  return run;
}
