import { readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { countTrainingSide } from "@bellwether/risk-model/training/provenance";
import { scoreBatch } from "@bellwether/scoring/batch/score-batch";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { type CliContext, registryFolder } from "../context/cli-context.ts";

/** Rows of a data set that a version is judged on. */
export interface RowsToEvaluate {
  readonly model: string;
  readonly table: FeatureTable;
  readonly rows: Uint32Array;
  /** Hash of the configuration pair that mapped the table. */
  readonly configHash: string;
}

/** A version's scores, and what makes them worth less than they look. */
export interface EvaluatedRows {
  readonly version: string;
  /** Calibrated, one a row; NaN without a score. */
  readonly scores: Float64Array;
  readonly warnings: readonly string[];
  /** It has learnt from some of the rows, or does not say what it was trained on: its figures prove nothing. */
  readonly mayHaveLearnt: boolean;
}

/** Scores rows by a version of the local registry; "" is the champion. */
export async function scoreTestRows(
  context: CliContext,
  { model: name, table, rows, configHash }: RowsToEvaluate,
  wanted = "",
): Promise<EvaluatedRows> {
  const root = registryFolder(context);
  const stored = await readVersion(root, name, await resolveVersion(root, name, wanted));
  const model = await openScoringModel(stored);
  try {
    const { riskScores } = await scoreBatch(model, pickRows(table, rows), false);
    const { version, configHash: trainedUnder, training } = stored.manifest;
    const seen = training === null ? 0 : countTrainingSide(training, table, rows);
    const share = `${seen} of ${rows.length} rows (${((100 * seen) / rows.length).toFixed(0)} %)`;
    const period = training?.split.testFrom ? `before ${training.split.testFrom}` : "of suppliers on its training side";
    return {
      version,
      scores: riskScores,
      mayHaveLearnt: seen > 0 || (training === null && stored.manifest.origin === "trained"),
      warnings: [
        ...(training === null && stored.manifest.origin === "trained"
          ? [`${version} does not say what it was trained on: rows that it has seen cannot be told`]
          : []),
        ...(seen > 0
          ? [`${version} may have learnt from ${share}, ${period}: figures on them say nothing about new suppliers`]
          : []),
        ...(trainedUnder !== configHash && stored.manifest.origin === "trained"
          ? [
              `${version} was trained under another configuration (${short(trainedUnder)}, this is ${short(configHash)}): rows, features or label may differ`,
            ]
          : []),
      ],
    };
  } finally {
    await model.release();
  }
}

const short = (hash: string): string => hash.slice(0, 12);

/** The chosen rows of a table in columns. */
function pickRows(table: FeatureTable, rows: Uint32Array) {
  const { texts } = table;
  return {
    rows: rows.length,
    numbers: new Map(
      [...table.numbers].map(([name, column]) => [name, Float64Array.from(rows, (row) => column[row] as number)]),
    ),
    categories: new Map(
      [...table.categories].map(([name, column]) => [name, Array.from(rows, (row) => column[row] ?? null)]),
    ),
    texts: texts === null ? null : Array.from(rows, (row) => texts[row] ?? ""),
  };
}
