import { countText } from "@bellwether/reasons/count-text";
import { readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { countTrainingSide } from "@bellwether/risk-model/training/provenance";
import { scoreBatch } from "@bellwether/scoring/batch/score-batch";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { type CliContext, registryOf } from "../context/cli-context.ts";

/** Rows of a data set on which a version is evaluated. */
export interface RowsToEvaluate {
  readonly model: string;
  readonly table: FeatureTable;
  readonly rows: Uint32Array;
  /**
   * SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml) with which the data set was
   * mapped to the table.
   */
  readonly configHash: string;
}

/** Scores of a version, and warnings about what makes its figures unreliable. */
export interface EvaluatedRows {
  readonly version: string;
  /** Calibrated scores, one per row; NaN = no score. */
  readonly scores: Float64Array;
  readonly warnings: readonly string[];
  /**
   * True when the version was trained on some of these rows, or does not record its training rows. Its
   * figures are then not valid.
   */
  readonly mayHaveTrainedOn: boolean;
}

/** Scores rows with a version of the local registry. "" = the champion. */
export async function scoreTestRows(
  context: CliContext,
  { model: name, table, rows, configHash }: RowsToEvaluate,
  wanted = "",
): Promise<EvaluatedRows> {
  const root = registryOf(context);
  const stored = await readVersion(root, name, await resolveVersion(root, name, wanted));
  const model = await openScoringModel(stored);
  try {
    const { riskScores } = await scoreBatch(model, pickRows(table, rows), false);
    const { version, configHash: trainedUnder, training } = stored.manifest;
    const seen = training === null ? 0 : countTrainingSide(training, table, rows);
    const share = `${seen} of ${countText(rows.length, "row")} (${((100 * seen) / rows.length).toFixed(0)} %)`;
    const isScorecard = stored.manifest.origin === "scorecard";
    const period = training?.split.testFrom ? `before ${training.split.testFrom}` : "of suppliers on its training side";
    return {
      version,
      scores: riskScores,
      mayHaveTrainedOn: seen > 0 || (training === null && !isScorecard),
      warnings: [
        ...(training === null && !isScorecard
          ? [
              stored.manifest.origin === "imported"
                ? `${version} was imported, so its training rows are not known: some of these rows may be among them`
                : `${version} does not record its training rows: some of these rows may be among them`,
            ]
          : []),
        ...(seen > 0
          ? [
              `${version} may have been trained on ${share}, ${period}: figures on these rows do not hold for new suppliers`,
            ]
          : []),
        ...(trainedUnder !== configHash && stored.manifest.origin === "trained"
          ? [
              `${version} was trained with another configuration (${short(trainedUnder)}, this one is ${short(configHash)}): rows, features or label may differ`,
            ]
          : []),
      ],
    };
  } finally {
    await model.release();
  }
}

const short = (hash: string): string => hash.slice(0, 12);

/** Returns the selected rows of a table, as columns. */
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
