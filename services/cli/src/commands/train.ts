import path from "node:path";
import { leftOutRows } from "@bellwether/ingest/training/left-out-rows";
import { countText } from "@bellwether/reasons/count-text";
import { calibrationLine } from "@bellwether/risk-model/training/calibration-line";
import { gridLines } from "@bellwether/risk-model/training/choose-trainer";
import { outOfFoldLine, verdict } from "@bellwether/risk-model/training/figure-lines";
import { bandChangeLine } from "@bellwether/scoring/publish/band-change";
import type { PublishedModel } from "@bellwether/scoring/publish/publish-model";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { checkExport, exportTraining } from "../data/export-training.ts";
import type { WeekOptions } from "../data/week-data.ts";
import { UsageError } from "../errors/usage-error.ts";
import { withConfigOptions } from "../input/config-options.ts";
import { isoDate, type WeekRange, weekRange, wholeNumber } from "../input/parse-option.ts";
import { type TrainLimitOptions, train, trainFromWeeks } from "../models/train-model.ts";
import { evaluationJson, evaluationLines } from "../output/evaluation-report.ts";
import { fromWeeksJson, fromWeeksLines } from "../output/from-weeks-report.ts";
import { rejectedLines } from "../output/rejected-lines.ts";
import { createReport } from "../output/report.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

/** Options of `bellwether train`. */
type TrainOptions = Omit<WeekOptions, "fromWeeks" | "outcomes"> &
  TrainLimitOptions & {
    readonly data?: string;
    readonly fromWeeks?: WeekRange;
    readonly outcomes?: string;
    readonly publish?: boolean;
    readonly export?: string;
    readonly json?: boolean;
  };

/** `bellwether train` */
export function trainCommand(context: CliContext): Command {
  return withConfigOptions(new Command("train"), context, {
    config: "model configuration, YAML: target, features and training options",
    mapping: "feature mapping, YAML: how the raw tables become features",
  })
    .option("--data <dir>", "folder with the raw tables that the feature mapping names (required without --from-weeks)")
    .option(
      "--from-weeks <weeks>",
      "train on the snapshots of the complete weekly runs of these ISO weeks, for example 2026-W01..2026-W26, instead of --data. The latest weeks are the test rows. A child process trains the model",
      weekRange,
    )
    .option(
      "--outcomes <file>",
      "with --from-weeks: file with what happened to suppliers, CSV, JSON lines or Parquet, with the columns that outcomes import reads: supplier_id, happened_on or iso_week, occurred (true or false), known_on and note",
    )
    .option(
      "--complete-until <day>",
      "with --from-weeks: day up to which the file has every event. A supplier without an event gets the label 0 if the horizon of the week ends on this day or earlier (default: the day follows from outcomes.complete_after_days of the model configuration; if that is not set, only recorded outcomes give the label 0)",
      isoDate,
    )
    .option(
      "--horizon <days>",
      "with --from-weeks: number of days after the end of a week that its label covers (default: outcomes.horizon_days of the model configuration)",
      wholeNumber(1, 3650),
    )
    .option(
      "--max-memory <MiB>",
      "with --from-weeks: largest memory of the child process, in MiB",
      wholeNumber(64, 1_048_576),
      2048,
    )
    .option(
      "--timeout <minutes>",
      "with --from-weeks: longest time of the training, in minutes",
      wholeNumber(1, 1440),
      60,
    )
    .option(
      "--publish",
      "publish the model: the first version becomes the champion, a later version becomes the challenger",
    )
    .option(
      "--export <dir>",
      "write the mapped rows to <dir>/training_rows.parquet. The column used_for is training, calibration, test, or the reason why the row was not used. The column test_score is the score of a test row. Rows that were rejected while reading are not in the file; the command prints their number and the reasons",
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether demo && npx bellwether train --data demo --publish\n  npx bellwether train --data demo --export out   # writes out/training_rows.parquet for your own analysis\n  npx bellwether train --config config/examples/scms/model_config.yaml --mapping config/examples/scms/feature_mapping.yaml --data data\n  npx bellwether train --from-weeks 2026-W01..2026-W26 --outcomes outcomes.csv --horizon 90 --publish",
    )
    .action(async (options: TrainOptions) => {
      const report = createReport(options);
      const exportFolder = options.export === undefined ? null : path.resolve(context.cwd, options.export);
      if (exportFolder !== null) await checkExport(exportFolder, options, context);
      const { model, configHash, data, trained, published, fromWeeks } = await trainAsAsked(options, context);
      if (fromWeeks !== null) for (const line of fromWeeksLines(fromWeeks)) report.line(line);
      const { evaluation, calibration, grid, rowCounts, onnx, treeModel } = trained;
      for (const line of evaluationLines(model.name, evaluation)) report.line(line);
      report.line(verdict(evaluation).replaceAll("**", ""));
      if (calibration.outOfFold !== null) report.line(outOfFoldLine(calibration.outOfFold));
      for (const warning of trained.warnings) report.line(`warning: ${warning}`);
      report.line(`calibration: ${calibrationLine(calibration)}`);
      if (grid !== null) for (const line of gridLines(grid)) report.line(`trainer: ${line}`);
      if (treeModel.trees.length < model.trainer.trees)
        report.line(`early stopping kept ${treeModel.trees.length} of ${countText(model.trainer.trees, "tree")}`);
      report.line(
        `rows: ${rowCounts.train} training, ${rowCounts.calibration} calibration, ${rowCounts.test} test, ${rowCounts.purged} purged, ${rowCounts.invalid} rejected by the rules of the model, ${data.rejected.count} rejected while reading, ${data.unlabelled} without a label`,
      );
      for (const line of rejectedLines(data)) report.line(line);
      for (const { column, reason, rows, sample } of trained.leftOut.slice(leftOutRows(data).length))
        report.line(
          `rejected by the rules of the model: ${countText(rows, "row")}, ${column}: ${reason}, for example ${sample}`,
        );
      report.line(`data: SHA-256 ${trained.provenance.dataSha256} of the mapped rows`);
      report.line(publishedLine(model.name, published));
      if (published?.bands && published.champion !== undefined)
        report.line(bandChangeLine(published.version, published.champion, published.bands));
      if (exportFolder !== null) {
        const file = await exportTraining(exportFolder, model, data.table, trained);
        report.line(`exported rows: ${file}`);
      }
      report.json({
        model: model.name,
        version: published?.version ?? null,
        alias: published?.alias ?? null,
        published: published?.isNew ?? false,
        band_change: published?.bands ?? null,
        data_sha256: trained.provenance.dataSha256,
        ...evaluationJson(evaluation),
        row_counts: {
          train: rowCounts.train,
          calibration: rowCounts.calibration,
          test: rowCounts.test,
          purged: rowCounts.purged,
          invalid: rowCounts.invalid,
          rejected: data.rejected.count,
          unlabelled: data.unlabelled,
          older: data.olderRows,
        },
        sources: data.sources.map(({ source, file, notes }) => ({ source, file, notes })),
        rejected: data.rejected,
        left_out: trained.leftOut,
        warnings: trained.warnings,
        cleaned_ids: data.cleanedIds,
        test_from: rowCounts.testFrom,
        calibration: {
          kind: calibration.calibration.kind,
          from: calibration.from,
          rows: calibration.rows,
          positives: calibration.positives,
          slope: calibration.slope,
          rejected: calibration.rejected,
        },
        out_of_fold: calibration.outOfFold,
        grid: grid && {
          ...grid,
          choices: grid.choices.map(({ logLoss, ...choice }) => ({ ...choice, log_loss: logLoss })),
        },
        from_weeks: fromWeeks && fromWeeksJson(fromWeeks),
        trees: treeModel.trees.length,
        model_bytes: onnx.byteLength,
        config_hash: configHash,
      });
    });
}

/** Trains on raw tables or on weekly runs. @throws UsageError when the options name neither or both */
async function trainAsAsked(options: TrainOptions, context: CliContext) {
  const { data, fromWeeks, outcomes } = options;
  if (fromWeeks === undefined) {
    if (data === undefined) throw new UsageError("--data DIR is required; or train on weekly runs with --from-weeks");
    const others = (["outcomes", "completeUntil", "horizon"] as const).filter((name) => options[name] !== undefined);
    if (others.length > 0) throw new UsageError("--outcomes, --complete-until and --horizon are only for --from-weeks");
    return { ...(await train({ ...options, data }, context)), fromWeeks: null };
  }
  if (data !== undefined) throw new UsageError("give either --data or --from-weeks");
  if (outcomes === undefined) throw new UsageError("--from-weeks needs --outcomes FILE: weekly runs have no labels");
  return await trainFromWeeks({ ...options, fromWeeks, outcomes }, context);
}

function publishedLine(name: string, published: PublishedModel | null): string {
  if (published === null) return "not published (add --publish)";
  return published.isNew
    ? `published ${name} ${published.version} as ${published.alias}`
    : `not published: ${name} ${published.version} has the same content, byte for byte; other data, another configuration or another seed makes a new version`;
}
