import { access } from "node:fs/promises";
import path from "node:path";
import { outcomesOf } from "@bellwether/config/model-config";
import { readValueTable } from "@bellwether/ingest/tables/read-value-table";
import { labelRules } from "@bellwether/ingest/training/label-rules";
import { type LabelRules, type OutcomeLabels, readOutcomes } from "@bellwether/ingest/training/outcome-labels";
import { loadLabelledWeeks, type WeekData } from "@bellwether/ingest/training/week-data";
import { TableError } from "@bellwether/risk-model/tables/table-error";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { ConfigFiles } from "../input/config-options.ts";
import { loadNamedPair } from "../input/load-named-pair.ts";
import type { WeekRange } from "../input/parse-option.ts";
import { readTableFile } from "../input/read-table-file.ts";
import { showProgress } from "../output/report.ts";

/** Options of a training from weekly runs. */
export interface WeekOptions extends ConfigFiles {
  readonly fromWeeks: WeekRange;
  readonly outcomes: string;
  /** ISO date. Unset: by complete_after_days of the outcomes. */
  readonly completeUntil?: string;
  /** Days. Unset: horizon_days of the outcomes. */
  readonly horizon?: number;
}

/** Folder of the weekly runs in the data folder. */
const WEEKS_FOLDER = "weeks";

/**
 * Reads the snapshots of complete weekly runs, with labels from a file of outcomes.
 * @throws UsageError when the outcomes cannot be read; NoRowsError when no row has a label
 */
export async function loadWeekData(
  options: WeekOptions,
  context: CliContext,
  now: Date,
): Promise<WeekData & { readonly configHash: string }> {
  const { model, configHash } = await loadNamedPair(options, context);
  const { horizon, completeUntil, fromWeeks } = options;
  const rules = labelRules(outcomesOf(model), now, {
    ...(horizon !== undefined && { horizonDays: horizon }),
    ...(completeUntil !== undefined && { completeUntil }),
  });
  const labels = await readLabels(options.outcomes, context, rules);
  const folder = path.join(dataFolder(context), WEEKS_FOLDER, model.name);
  await access(folder).catch(() => {
    throw new UsageError(`--from-weeks: no weekly run was made with this data folder: ${folder} does not exist`);
  });
  const { horizonDays } = rules;
  const onWeek = (done: number, total: number): void => showProgress("reading weeks", done, total);
  return {
    configHash,
    ...(await loadLabelledWeeks({ model, labels, horizonDays, folder, window: fromWeeks, onWeek })),
  };
}

async function readLabels(given: string, { cwd }: CliContext, rules: LabelRules): Promise<OutcomeLabels> {
  const file = path.resolve(cwd, given);
  try {
    return readOutcomes(await readValueTable(file, await readTableFile(file, "--outcomes")), rules);
  } catch (error) {
    throw error instanceof TableError ? new UsageError(`--outcomes: ${error.message}`) : error;
  }
}
