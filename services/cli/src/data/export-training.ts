import path from "node:path";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { type TableColumn, writeTable } from "@bellwether/ingest/tables/write-table";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import type { TrainedRiskModel } from "@bellwether/risk-model/training/train-risk-model";

/**
 * Writes the rows of a training as Parquet: supplier_id, as_of (when the rows have a date), used_for, the
 * label, test_score (test rows only) and the features. The contract text is not written.
 * @param folder must exist
 * @returns path of the file
 */
export async function exportTraining(
  folder: string,
  model: ModelSpec,
  table: FeatureTable,
  { rowUses, testScores }: TrainedRiskModel,
): Promise<string> {
  const file = path.join(folder, "training_rows.parquet");
  const features = model.features.map(
    ({ name, kind }): TableColumn =>
      kind === "numeric"
        ? { name, type: "number", values: table.numbers.get(name) ?? [] }
        : { name, type: "text", values: table.categories.get(name) ?? [] },
  );
  await writeTable(file, [
    { name: "supplier_id", type: "text", values: table.supplierIds },
    ...(table.asOfDays === null ? [] : [{ name: "as_of", type: "date" as const, values: table.asOfDays }]),
    { name: "used_for", type: "text", values: rowUses },
    { name: model.target.name, type: "whole", values: table.labels ?? [] },
    { name: "test_score", type: "number", values: testScores },
    ...features,
  ]);
  return file;
}
