import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { splitRows } from "@bellwether/risk-model/training/split-rows";
import type { RowDivision } from "@bellwether/scoring/promotion/gate-versions";
import type { CliContext } from "../context/cli-context.ts";
import { loadTrainingData } from "../data/training-data.ts";
import { loadWeekData } from "../data/week-data.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { ConfigFiles } from "../input/config-options.ts";
import type { WeekRange } from "../input/parse-option.ts";

/** Options that name the rows of a window. */
export interface WindowOptions extends ConfigFiles {
  readonly data?: string;
  readonly fromWeeks?: WeekRange;
  readonly outcomes?: string;
  readonly completeUntil?: string;
  readonly horizon?: number;
}

/** The labelled rows on which two versions are compared. */
export interface GateWindow {
  /** Name of the model in the configuration. */
  readonly modelName: string;
  readonly table: FeatureTable;
  readonly rows: Uint32Array;
  /** Region and category of the suppliers. Empty: raw tables have none. */
  readonly divisions: readonly RowDivision[];
  /** The rows in words. */
  readonly text: string;
  /** What of weeks and outcomes was not used, in lines for people. */
  readonly lines: readonly string[];
}

const DAY_MS = 86_400_000;

/** Reads the test rows of raw tables, or all labelled rows of weekly runs. @throws UsageError when the options name neither or both */
export async function readWindow(options: WindowOptions, context: CliContext): Promise<GateWindow> {
  const { data, fromWeeks, outcomes } = options;
  if ((data === undefined) === (fromWeeks === undefined))
    throw new UsageError("give the labelled rows: --data DIR, or --from-weeks WEEKS with --outcomes FILE");
  if (fromWeeks !== undefined) {
    if (outcomes === undefined) throw new UsageError("--from-weeks needs --outcomes FILE: weekly runs have no labels");
    const read = await loadWeekData({ ...options, fromWeeks, outcomes }, context, new Date());
    const { model, data: found, attributes: divisions, lines } = read;
    const rows = Uint32Array.from({ length: found.table.rows }, (_, row) => row);
    const text = `labelled rows of the weeks ${fromWeeks.from} to ${fromWeeks.to}`;
    return { modelName: model.name, table: found.table, rows, divisions, text, lines };
  }
  if (outcomes !== undefined) throw new UsageError("--outcomes belongs to --from-weeks");
  const { model, data: found } = await loadTrainingData({ ...options, data: data ?? "" }, context);
  const { table } = found;
  const all = Uint32Array.from({ length: table.rows }, (_, row) => row);
  const { test, testFromDay } = splitRows(table, all, model.split, model.seed);
  const text =
    testFromDay === null
      ? "test rows, of suppliers that are not on the training side"
      : `test rows from ${new Date(testFromDay * DAY_MS).toISOString().slice(0, 10)} on`;
  return { modelName: model.name, table, rows: test, divisions: [], text, lines: [] };
}
