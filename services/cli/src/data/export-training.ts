import path from "node:path";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { sourceFiles } from "@bellwether/ingest/files/source-files";
import { DEFAULT_LIMITS } from "@bellwether/ingest/ingest-limits";
import { type TableColumn, writeTable } from "@bellwether/ingest/tables/write-table";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import type { TrainedRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import type { CliContext } from "../context/cli-context.ts";
import type { ConfigFiles } from "../input/config-options.ts";
import { loadNamedPair } from "../input/load-named-pair.ts";
import { checkTargetFile, makeTargetFolder } from "../output/target-folder.ts";

const fileIn = (folder: string): string => path.join(folder, "training_rows.parquet");

/**
 * Creates the folder of `--export` and verifies that the exported file is none of the files that the training
 * reads.
 * @throws UsageError in one line that names the option, and the errors of the configuration
 */
export async function checkExport(
  folder: string,
  options: ConfigFiles & { readonly data?: string },
  context: CliContext,
): Promise<void> {
  await makeTargetFolder("--export", folder);
  const at = (file: string): string => path.resolve(context.cwd, file);
  const { mapping } = await loadNamedPair(options, context);
  const read = [
    { option: "--config", file: at(options.config) },
    { option: "--mapping", file: at(options.mapping) },
  ];
  for (const source of options.data === undefined ? [] : mapping.sources)
    for (const file of await sourceFiles(source, at(options.data ?? ""), DEFAULT_LIMITS.maxFiles))
      read.push({ option: `--data (source ${source.name})`, file: file.path });
  await checkTargetFile("--export", fileIn(folder), read);
}

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
  const file = fileIn(folder);
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
