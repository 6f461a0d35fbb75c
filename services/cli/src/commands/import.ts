import path from "node:path";
import { parseModelConfig } from "@bellwether/config/model-config";
import { NAME_PATTERN } from "@bellwether/config/names";
import { readYaml } from "@bellwether/config/yaml-file";
import { readValueTable } from "@bellwether/ingest/tables/read-value-table";
import { ExpectedError } from "@bellwether/model-import/checks/expected-answers";
import { type ImportedModel, importModel, type RejectedModel } from "@bellwether/model-import/import-model";
import { openModelFile } from "@bellwether/model-import/open-model-file";
import { trainerLine } from "@bellwether/model-import/result/imported-card";
import { BackgroundError } from "@bellwether/model-import/rows/background";
import { TrainingRowsError } from "@bellwether/model-import/rows/training-rows";
import { countText } from "@bellwether/reasons/count-text";
import type { Registry } from "@bellwether/registry/storage/storage-of";
import { TableError } from "@bellwether/risk-model/tables/table-error";
import type { ValueTable } from "@bellwether/risk-model/tables/value-table";
import { ModelRejectedError } from "@bellwether/scoring/model/model-rejected-error";
import { bandChangeLine } from "@bellwether/scoring/publish/band-change";
import { type PublishedModel, publishModel } from "@bellwether/scoring/publish/publish-model";
import { runOnnxModel } from "@bellwether/scoring/runtime/run-onnx-model";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { Command } from "commander";
import cli from "../../package.json" with { type: "json" };
import { type CliContext, registryOf } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { mlflowFolder, readMlflowFolder } from "../models/mlflow-folder.ts";
import { createReport, type Report } from "../output/report.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

/** Options of `bellwether import`. */
export interface ImportOptions {
  readonly background?: string;
  readonly expected?: string;
  readonly training?: string;
  readonly config?: string;
  readonly name?: string;
  readonly riskClass?: string;
  readonly riskName?: string;
  readonly json?: boolean;
}

/** `bellwether import` */
export function importCommand(context: CliContext): Command {
  return new Command("import")
    .argument(
      "<file>",
      "model file: ONNX, XGBoost (.json, .ubj) or LightGBM (text); or mlflow:FOLDER for a folder in which MLflow has saved a model",
    )
    .option(
      "--background <file>",
      "rows of typical suppliers with the columns of the model (CSV, JSON lines or Parquet). If the nodes in the model file have no training weights (covers), contributions are computed in comparison with these rows",
    )
    .option(
      "--expected <file>",
      "rows with the outputs of the training library (CSV, JSON lines or Parquet). The columns are those of the model and one output column, or one output column for each class. An output is a prediction (such as a probability) or a margin. The model is rejected if an output differs by more than 1e-5 times the largest possible output. The largest possible output is the base value plus the largest leaf of each tree; for a probability, it is at least 1",
    )
    .option(
      "--training <file>",
      "rows on which the model was trained, or a sample of them, with the columns of the model (CSV, JSON lines or Parquet). The distributions of these rows are stored with the version, and weekly runs are compared with them (drift). Without this option, weekly runs are compared only with the previous week",
    )
    .option(
      "--config <file>",
      "a model_config.yaml. For each feature, it can declare the unit, the direction, and how a counterfactual may change the feature (immutable, range, change). The model card lists the features for which the model contradicts the declared direction. The bands of the file are the bands of the model (without --config: medium from 0.4, high from 0.7)",
    )
    .option("--name <name>", "name of the model in the registry (default: made from the file name)")
    .option(
      "--risk-class <class>",
      "the class of the model file whose probability is the risk score, for example 1. For a regressor with several targets: the number of the target, from 0 (default: the last class or the last target of the file)",
    )
    .option(
      "--risk-name <name>",
      "name under which the risk class is published, for example the name that the champion uses (default: the name of the class in the model file)",
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether import model.onnx --name supplier-risk --background rows.csv\n  npx bellwether import booster.json --config config/model_config.yaml\n  npx bellwether import booster.json --json\n  npx bellwether import mlflow:mlruns/model --name supplier-risk",
    )
    .action(async (given: string, options: ImportOptions) => {
      const report = createReport(options);
      const folder = mlflowFolder(given);
      const { file, builder } =
        folder === null ? { file: given, builder: null } : await readMlflowFolder(path.resolve(context.cwd, folder));
      const named = { ...options, name: options.name ?? nameAfter(folder ?? file) };
      const imported = await importFile(file, named, context);
      if (imported.status === "rejected") {
        reportRejection(report, imported);
        throw new ReportedError(`${file} is rejected: ${imported.reason}`);
      }
      const published = await publishImported(registryOf(context), imported, new Date(), builder).catch(
        (error: unknown) => {
          if (!(error instanceof ModelRejectedError)) throw error;
          reportRejection(report, {
            status: "rejected",
            kind: "disagrees",
            reason: error.message,
            agreement: imported.agreement,
          });
          throw new ReportedError(`${file} is rejected: the converted model could not be loaded: ${error.message}`);
        },
      );
      reportImport(report, imported, published);
    });
}

/** Reads, checks and converts a model file; nothing is published. */
export async function importFile(
  file: string,
  options: ImportOptions,
  context: CliContext,
): Promise<ImportedModel | RejectedModel> {
  const read = (name: string): Promise<Uint8Array> => openModelFile(path.resolve(context.cwd, name));
  const readRows = async (option: "background" | "expected" | "training"): Promise<ValueTable | null> => {
    const name = options[option];
    if (name === undefined) return null;
    try {
      return await readValueTable(path.resolve(context.cwd, name), await read(name));
    } catch (error) {
      const isWrong = error instanceof ImportRejectedError || error instanceof TableError;
      throw isWrong ? new UsageError(`--${option}: ${error.message}`) : error;
    }
  };
  const config =
    options.config === undefined ? null : parseModelConfig(await readYaml(path.resolve(context.cwd, options.config)));
  const background = await readRows("background");
  const expected = await readRows("expected");
  const training = await readRows("training");
  try {
    return await importModel({
      bytes: await read(file),
      modelName: options.name ?? nameAfter(file),
      background,
      ...{ expected, training },
      riskClass: options.riskClass ?? null,
      ...(config !== null && { declared: config.features, bands: config.bands }),
      ...(options.riskName !== undefined && { riskName: options.riskName }),
      runOnnx: runOnnxModel,
    });
  } catch (error) {
    if (error instanceof BackgroundError) throw new UsageError(`--background: ${error.message}`);
    if (error instanceof TrainingRowsError) throw new UsageError(`--training: ${error.message}`);
    if (error instanceof ExpectedError) throw new UsageError(`--expected: ${error.message}`);
    if (!(error instanceof ImportRejectedError)) throw error;
    return { status: "rejected", kind: error.kind, reason: error.message, agreement: null };
  }
}

/** Publishes an imported model. @throws OtherContractError */
function publishImported(
  root: Registry,
  imported: ImportedModel,
  now: Date,
  builder: string | null,
): Promise<PublishedModel> {
  const { bundle, onnx, bundleJson, modelCard, importanceRows } = imported;
  const { modelName, configHash } = bundle;
  return publishModel(
    root,
    {
      ...{
        modelName,
        origin: "imported",
        configHash,
        onnx,
        bundleJson,
        modelCard,
        importanceRows,
        evaluation: null,
        now,
      },
      builder: builder ?? `bellwether ${cli.version}`,
    },
    { setBy: "bellwether import", reason: "imported" },
  );
}

/** Makes a model name from a file name. */
function nameAfter(file: string): string {
  const name = path
    .parse(file)
    .name.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 64);
  return name === "" ? "imported" : name;
}

function reportRejection(report: Report, rejected: RejectedModel): void {
  report.json({
    status: "rejected",
    reason: rejected.reason,
    kind: rejected.kind,
    explanation: "none",
    agreement: agreementJson(rejected.agreement),
  });
}

function reportImport(report: Report, imported: ImportedModel, published: PublishedModel): void {
  const { bundle, source, agreement } = imported;
  const from = `from a file of ${imported.producer || "an unknown program"}`;
  report.line(
    published.isNew
      ? `imported ${bundle.modelName} ${published.version} as ${published.alias} ${from}`
      : `not published: ${bundle.modelName} ${published.version} has the same content, byte for byte (${from})`,
  );
  report.line(
    `${countText(source.model.trees.length, "tree")} over ${countText(bundle.columns.length, "column")}; output: ${bundle.outputSpace}${bundle.outputSpace === "raw" ? "" : ` of "${bundle.classes.risk}"`}`,
  );
  report.line(`explanation: ${bundle.explanation.kind} (${bundle.explanation.background})`);
  report.line(
    `agrees with ONNX Runtime within ${agreement.maxRelativeDifference.toExponential(1)} on ${countText(agreement.rows, "row")}`,
  );
  report.line(trainerLine(imported.trainer));
  report.line(imported.trainingText);
  const notes = [...imported.notes, ...nameNotes(bundle.features.map((feature) => feature.name))];
  for (const note of notes) report.line(`note: ${note}`);
  if (published.bands !== null && published.champion !== undefined)
    report.line(bandChangeLine(published.version, published.champion, published.bands));
  report.json({
    status: "imported",
    reason: "",
    explanation: bundle.explanation.kind,
    agreement: agreementJson(agreement),
    trainer: trainerJson(imported.trainer),
    background: bundle.explanation.background,
    training: imported.training && {
      ...{ rows: imported.training.count, given: imported.training.given, skipped_columns: imported.training.coded },
    },
    model: bundle.modelName,
    version: published.version,
    alias: published.alias,
    published: published.isNew,
    bands: bundle.bands,
    band_change: published.bands,
    format: imported.format,
    producer: imported.producer,
    trees: source.model.trees.length,
    columns: bundle.columns.length,
    features: bundle.features.map((feature) => feature.name),
    classes: source.classes,
    risk_class: bundle.outputSpace === "raw" ? null : bundle.classes.risk,
    output_space: bundle.outputSpace,
    notes,
  });
}

/** Says which features model_config.yaml and feature_mapping.yaml cannot name, so that no data can be mapped to them. */
function nameNotes(features: readonly string[]): string[] {
  const others = features.filter((name) => !NAME_PATTERN.test(name));
  if (others.length === 0) return [];
  const shown = others.slice(0, 8).map((name) => `"${name.slice(0, 80)}"`);
  return [
    `features that a configuration cannot name (a-z, 0-9 and _, starting with a letter, at most 63): ${shown.join(", ")}${others.length > 8 ? ", …" : ""}. predict and explain work, but evaluate and weekly runs do not: rename the columns, train and import again`,
  ];
}

function trainerJson(trainer: ImportedModel["trainer"]) {
  if (trainer === null) return null;
  const { rows, compared, maxRelativeDifference, answers, skipped } = trainer;
  return {
    rows,
    compared,
    max_relative_difference: maxRelativeDifference,
    answer_columns: answers,
    skipped_columns: skipped,
  };
}

function agreementJson(agreement: ImportedModel["agreement"] | null) {
  return agreement === null ? null : { rows: agreement.rows, max_relative_difference: agreement.maxRelativeDifference };
}
