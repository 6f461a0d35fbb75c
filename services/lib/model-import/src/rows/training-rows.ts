import type { FeatureSpec } from "@bellwether/config/model-spec";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { isMissing, type ValueTable } from "@bellwether/risk-model/tables/value-table";
import { profileTraining } from "@bellwether/risk-model/training/training-profile";
import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { readModelRows } from "./model-rows.ts";

/** The training rows cannot be used for this model. The message states what to change. */
export class TrainingRowsError extends Error {
  override readonly name = "TrainingRowsError" as const;
}

/** Rows of the training data, as distributions. */
export interface TrainingRows {
  readonly profile: NonNullable<FeatureBundle["trainingProfile"]>;
  /** Number of rows that were profiled, and of those that were given. */
  readonly count: number;
  readonly given: number;
  /** Columns that were not profiled: their values are codes of categories. */
  readonly coded: readonly string[];
}

/** Maximum number of rows that are profiled: more would not change a distribution noticeably. */
export const MAX_TRAINING_ROWS = 20_000;

/**
 * Profiles the features in rows on which a model was trained, at most 20,000, spread over the table. Columns are found as
 * those of background rows. The profile has no score: a model scores the rows of its training too well.
 * @throws TableError when columns are missing or cells are not numbers
 */
export function profileTrainingRows(
  table: ValueTable,
  columns: readonly BaseColumn[],
  hasNames: boolean,
): TrainingRows {
  const all = table.records;
  const count = Math.min(all.length, MAX_TRAINING_ROWS);
  const records = Array.from({ length: count }, (_, row) => all[Math.floor((row * all.length) / count)]);
  const { rows, names } = readModelRows({ ...table, records }, columns, hasNames, "none");
  const numbers = new Map<string, Float64Array>();
  const categories = new Map<string, (string | null)[]>();
  const coded: string[] = [];
  for (const [c, column] of columns.entries()) {
    const name = names[c].trim();
    if (column.category !== null) {
      const place = table.header.indexOf(names[c]);
      const texts = records.map((record) => (isMissing(record[place]) ? null : String(record[place]).trim()));
      if (!categories.has(name)) categories.set(name, texts);
    } else if (column.codes !== undefined) coded.push(name);
    else
      numbers.set(
        name,
        Float64Array.from({ length: count }, (_, row) => rows[row * columns.length + c]),
      );
  }
  const every = Uint32Array.from({ length: count }, (_, row) => row);
  const none = { test: new Uint32Array(), testScores: new Float64Array() };
  const profile = profileTraining(
    { numbers, categories, supplierIds: Array.from(every, String) },
    { features: [...featuresOf(numbers, "numeric"), ...featuresOf(categories, "category")] },
    { train: every, ...none },
  );
  return { profile, count, given: all.length, coded };
}

/** Profiled features without declarations: a profile needs their names and kinds only. */
function featuresOf(values: ReadonlyMap<string, unknown>, kind: FeatureSpec["kind"]): FeatureSpec[] {
  return Array.from(values.keys(), (name) => ({
    ...{ name, kind, unit: "", range: null, missing: "keep", direction: "unknown" },
    ...{ monotone: false, immutable: false },
  }));
}
