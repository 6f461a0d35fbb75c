import { access, readdir } from "node:fs/promises";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { outcomesOf } from "@bellwether/config/model-config";
import type { ModelSpec, OutcomeSpec } from "@bellwether/config/model-spec";
import { readValueTable } from "@bellwether/ingest/tables/read-value-table";
import { type OutcomeLabels, outcomeLines, readOutcomes } from "@bellwether/ingest/training/outcome-labels";
import type { TrainingTable } from "@bellwether/ingest/training/training-table";
import { readWeekRows, type WeekCount, type WeekSnapshot } from "@bellwether/ingest/training/week-rows";
import { TableError } from "@bellwether/risk-model/tables/table-error";
import { type CliContext, dataFolder } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { ConfigFiles } from "../input/config-options.ts";
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

/** Labelled rows of weekly runs. */
export interface WeekData {
  /** The model configuration, split by time with the horizon of the labels. */
  readonly model: ModelSpec;
  readonly configHash: string;
  readonly data: TrainingTable;
  readonly weeks: readonly WeekCount[];
  /** What of weeks and outcomes was not used, in lines for people. */
  readonly lines: readonly string[];
}

/** Folder of the weekly runs in the data folder. */
const WEEKS_FOLDER = "weeks";
const WEEK = /^\d{4}-W\d{2}$/;
const DAY_MS = 86_400_000;
const dayOf = (isoDate: string): number => Math.floor(Date.parse(isoDate) / DAY_MS);

/**
 * Reads the snapshots of complete weekly runs, with labels from a file of outcomes.
 * @throws UsageError when the outcomes cannot be read; NoRowsError when no row has a label
 */
export async function loadWeekData(options: WeekOptions, context: CliContext, now: Date): Promise<WeekData> {
  const at = (file: string): string => path.resolve(context.cwd, file);
  const { model: declared, configHash } = await loadConfigPair(at(options.config), at(options.mapping));
  const outcomes = outcomesOf(declared);
  const horizonDays = options.horizon ?? outcomes.horizonDays;
  const todayDay = dayOf(now.toISOString().slice(0, 10));
  const labels = await readLabels(options.outcomes, context, {
    ...{ horizonDays, todayDay },
    completeUntilDay: completeUntilDay(options, outcomes, todayDay),
  });
  const model: ModelSpec = { ...declared, split: { ...declared.split, by: "time", testFrom: null, horizonDays } };
  const folder = path.join(dataFolder(context), WEEKS_FOLDER, model.name);
  const { found, without } = await snapshotsIn(folder, options.fromWeeks);
  const { table, weeks } = await readWeekRows(found, model, labels, {
    onWeek: (done, total) => showProgress("reading weeks", done, total),
  });
  const rows = weeks.reduce((sum, week) => sum + week.rows, 0);
  return {
    ...{ model, configHash, weeks },
    lines: [
      ...(without.length === 0
        ? []
        : [
            `weeks without a snapshot, not used: ${without.slice(0, 12).join(", ")}${without.length > 12 ? ", …" : ""} (retention.snapshot_weeks of the risk policy says how long they are kept)`,
          ]),
      ...outcomeLines(labels),
    ],
    data: {
      ...{ table, unlabelled: rows - table.rows, olderRows: 0, sources: [], warnings: [] },
      cleanedIds: { rows: 0, duplicates: 0 },
      rejected: {
        ...{ count: 0, repeated: 0, byStage: { reading: 0, mapping: 0, validating: 0 } },
        ...{ bySource: {}, reasons: [], samples: [] },
      },
    },
  };
}

async function readLabels(
  given: string,
  { cwd }: CliContext,
  rules: Parameters<typeof readOutcomes>[1],
): Promise<OutcomeLabels> {
  const file = path.resolve(cwd, given);
  try {
    return readOutcomes(await readValueTable(file, await readTableFile(file, "--outcomes")), rules);
  } catch (error) {
    throw error instanceof TableError ? new UsageError(`--outcomes: ${error.message}`) : error;
  }
}

/** Returns the day up to which every event is known; null: not known, or events are not recorded completely. */
function completeUntilDay(
  { completeUntil }: WeekOptions,
  { completeAfterDays }: OutcomeSpec,
  todayDay: number,
): number | null {
  if (completeUntil !== undefined) return dayOf(completeUntil);
  return completeAfterDays === null ? null : todayDay - completeAfterDays;
}

/** Returns the snapshots of complete runs in a window, and the weeks that are complete and have none. */
async function snapshotsIn(
  folder: string,
  { from, to }: WeekRange,
): Promise<{ readonly found: readonly WeekSnapshot[]; readonly without: readonly string[] }> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT")
      throw new UsageError(`--from-weeks: no weekly run was made with this data folder: ${folder} does not exist`);
    throw error;
  });
  const found: WeekSnapshot[] = [];
  const without: string[] = [];
  for (const week of names.filter((name) => WEEK.test(name) && name >= from && name <= to).sort()) {
    const parquet = path.join(folder, week, "snapshot.parquet");
    // Only a complete run has a report.
    if (!(await isThere(path.join(folder, week, "report.json")))) continue;
    if (await isThere(parquet)) found.push({ week, parquet });
    else without.push(week);
  }
  return { found, without };
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
