import type { ModelSpec } from "@bellwether/config/model-spec";
import type { ScorecardSpec } from "@bellwether/config/scorecard-spec";
import { countText } from "@bellwether/reasons/count-text";
import { writeOnnxTreeModel } from "@bellwether/tree-model/onnx/write/write-tree-model";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { BundleColumn, FeatureBundle } from "../bundle/feature-bundle.ts";
import { scoredGoldenRows } from "../calibrate/scored-golden-rows.ts";
import { type ImportanceRows, spreadRows } from "../importance/importance.ts";
import type { RunOnnx } from "../training/fit-model.ts";
import { GOLDEN_ROWS, recordGoldenRows } from "../training/golden-rows.ts";
import { profileTraining } from "../training/training-profile.ts";
import { probabilityOfPoints, scorecardBundle } from "./scorecard-bundle.ts";
import { renderScorecardCard } from "./scorecard-card.ts";
import { scorecardTrees } from "./scorecard-trees.ts";
import { type ScorecardSurvey, type SurveyedTable, surveyRows } from "./survey.ts";

/** Input of `buildScorecard`. */
export interface ScorecardTask {
  readonly model: ModelSpec;
  readonly scorecard: ScorecardSpec;
  /** SHA-256 of the configuration (model_config.yaml and feature_mapping.yaml), lower-case hex. */
  readonly configHash: string;
  readonly runOnnx: RunOnnx;
  /** Suppliers of today, with which weekly runs are compared (drift). Null: none are given. */
  readonly table: SurveyedTable | null;
}

/** A scorecard as a model that can be published. Equal input produces equal bytes. */
export interface BuiltScorecard {
  readonly treeModel: TreeModel;
  readonly onnx: Uint8Array;
  readonly bundle: FeatureBundle;
  /** `feature_bundle.json`: UTF-8 text that ends with a line break. */
  readonly bundleJson: string;
  /** `MODEL_CARD.md`. */
  readonly modelCard: string;
  /** Rows from which the importance of the features is computed; null without a table. */
  readonly importanceRows: ImportanceRows | null;
  /** Null without a table. */
  readonly survey: ScorecardSurvey | null;
}

/**
 * Makes a model of a scorecard: the sum of trees of one split each, with its scale as calibration. Nothing is fitted, so
 * no labels are needed.
 */
export async function buildScorecard(task: ScorecardTask): Promise<BuiltScorecard> {
  const { model, scorecard, configHash, runOnnx, table } = task;
  const draft = scorecardBundle(model, scorecard, configHash);
  const treeModel = scorecardTrees(scorecard, draft.columns, draft.outputPerPoint ?? 1);
  const onnx = writeOnnxTreeModel(treeModel);
  const golden = await recordGoldenRows(treeModel, onnx, sampleRows(scorecard, draft.columns), runOnnx);
  const survey = table === null ? null : surveyRows(scorecard, draft, treeModel, table);
  const bundle: FeatureBundle = {
    ...draft,
    golden: scoredGoldenRows(draft, golden),
    ...(table !== null && survey !== null && { trainingProfile: profileOf(task, table, survey) }),
  };
  return {
    ...{ treeModel, onnx, bundle, survey },
    bundleJson: `${JSON.stringify(bundle)}\n`,
    modelCard: renderScorecardCard({ model, scorecard, bundle, survey }),
    importanceRows: survey && importanceRows(survey, draft.columns.length),
  };
}

/** Returns rows that together have each range and category, up to the number of golden rows. */
function sampleRows({ features }: ScorecardSpec, columns: readonly BundleColumn[]): Float32Array {
  const scored = new Map(features.map((feature) => [feature.name, feature]));
  const valueAt = (column: BundleColumn, k: number): number => {
    const feature = scored.get(column.feature);
    if (feature === undefined) return Number.NaN;
    if (feature.kind === "numeric") return feature.ranges[k % feature.ranges.length]?.from ?? Number.NaN;
    const chosen = feature.categories[k % (feature.categories.length + 1)]?.category;
    return column.kind === "category" && column.category === chosen ? 1 : 0;
  };
  return Float32Array.from({ length: GOLDEN_ROWS * columns.length }, (_, i) =>
    valueAt(columns[i % columns.length], Math.floor(i / columns.length)),
  );
}

function profileOf({ model, scorecard }: ScorecardTask, table: SurveyedTable, { points }: ScorecardSurvey) {
  const scored = Uint32Array.from([...points.keys()].filter((row) => !Number.isNaN(points[row])));
  const testScores = Float64Array.from(scored, (row) => probabilityOfPoints(scorecard, points[row]));
  return profileTraining(table, model, { train: scored, test: scored, testScores });
}

function importanceRows({ points, values }: ScorecardSurvey, columns: number): ImportanceRows | null {
  const scored = [...points.keys()].filter((row) => !Number.isNaN(points[row]));
  if (scored.length === 0) return null;
  const chosen = Array.from(spreadRows(scored.length), (i) => scored[i]);
  const rows = new Float32Array(chosen.length * columns);
  for (const [i, row] of chosen.entries()) rows.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  const text = `${chosen.length === scored.length ? "" : `${chosen.length} of `}${countText(scored.length, "supplier")} given at publication`;
  return { values: rows, count: chosen.length, text };
}
