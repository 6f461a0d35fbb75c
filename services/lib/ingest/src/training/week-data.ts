import { access, readdir } from "node:fs/promises";
import path from "node:path";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { NoRowsError } from "../ingest-errors.ts";
import { type OutcomeLabels, outcomeLines } from "./outcome-labels.ts";
import type { TrainingTable } from "./training-table.ts";
import { type RowAttribute, readWeekRows, type WeekCount, type WeekSnapshot } from "./week-rows.ts";

/** ISO weeks, both included. */
export interface WeekWindow {
  readonly from: string;
  readonly to: string;
}

/** What a training from weekly runs reads. */
export interface WeekDataRequest {
  /** The model configuration as it is declared. */
  readonly model: ModelSpec;
  readonly labels: OutcomeLabels;
  /** Length of the label's window after the end of a week, days. */
  readonly horizonDays: number;
  /** Folder of the model's weekly runs. */
  readonly folder: string;
  readonly window: WeekWindow;
  /** Whether a week with a report is used for the training. Default: every week with a report is used. */
  readonly accepts?: (week: string) => Promise<boolean>;
  readonly signal?: AbortSignal;
  readonly onWeek?: (done: number, total: number) => void;
}

/** Labelled rows of weekly runs. */
export interface WeekData {
  /** The model configuration, split by time with the horizon of the labels. */
  readonly model: ModelSpec;
  readonly data: TrainingTable;
  readonly weeks: readonly WeekCount[];
  /** Region and category of the rows of `data`. */
  readonly attributes: readonly RowAttribute[];
  /** What of weeks and outcomes was not used, in lines for people. */
  readonly lines: readonly string[];
}

const WEEK = /^\d{4}-W\d{2}$/;
/** Number of weeks that a line names. */
const NAMED_WEEKS = 12;

/**
 * Reads the snapshots of complete weekly runs with their labels. The rows are split by time: the newest weeks are tested, and the
 * weeks whose label's window reaches into the test weeks are left out.
 * @throws NoRowsError when no row has a label; SourceError when a snapshot was read with another configuration
 */
export async function loadLabelledWeeks(request: WeekDataRequest): Promise<WeekData> {
  const { labels, horizonDays, folder, window, accepts, signal, onWeek } = request;
  const { split } = request.model;
  const model: ModelSpec = { ...request.model, split: { ...split, by: "time", testFrom: null, horizonDays } };
  const { found, without } = await findSnapshots(folder, window, accepts);
  const { table, weeks, attributes } = await readWeekRows(found, model, labels, {
    ...(signal && { signal }),
    ...(onWeek && { onWeek }),
  });
  const rows = weeks.reduce((sum, week) => sum + week.rows, 0);
  return {
    ...{ model, weeks, attributes },
    lines: [...missingLines(without), ...outcomeLines(labels)],
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

function missingLines(without: readonly string[]): string[] {
  if (without.length === 0) return [];
  const named = `${without.slice(0, NAMED_WEEKS).join(", ")}${without.length > NAMED_WEEKS ? ", …" : ""}`;
  return [
    `weeks without a snapshot, not used: ${named} (retention.snapshot_weeks of the risk policy says how long they are kept)`,
  ];
}

/**
 * Returns the snapshots of complete runs in a window, oldest first, and the weeks that are complete and have none.
 * @throws NoRowsError when the folder does not exist
 */
export async function findSnapshots(
  folder: string,
  { from, to }: WeekWindow,
  accepts: (week: string) => Promise<boolean> = () => Promise.resolve(true),
): Promise<{ readonly found: readonly WeekSnapshot[]; readonly without: readonly string[] }> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new NoRowsError(`no weekly run was made here: ${folder} does not exist`);
    throw error;
  });
  const found: WeekSnapshot[] = [];
  const without: string[] = [];
  for (const week of names.filter((name) => WEEK.test(name) && name >= from && name <= to).sort()) {
    const parquet = path.join(folder, week, "snapshot.parquet");
    // Only a complete run has a report.
    if (!(await isThere(path.join(folder, week, "report.json")))) continue;
    if (!(await isThere(parquet))) without.push(week);
    else if (await accepts(week)) found.push({ week, parquet });
  }
  return { found, without };
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
