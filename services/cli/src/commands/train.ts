import path from "node:path";
import { countText } from "@bellwether/reasons/count-text";
import { calibrationLine } from "@bellwether/risk-model/training/calibration-line";
import { outOfFoldLine, verdict } from "@bellwether/risk-model/training/figure-lines";
import { bandChangeLine } from "@bellwether/scoring/publish/band-change";
import type { PublishedModel } from "@bellwether/scoring/publish/publish-model";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { checkExport, exportTraining } from "../data/export-training.ts";
import { withDataOptions } from "../data/training-data.ts";
import { JSON_FLAG } from "../input/shared-options.ts";
import { train } from "../models/train-model.ts";
import { evaluationJson, evaluationLines } from "../output/evaluation-report.ts";
import { leftOutRows, rejectedLines } from "../output/rejected-lines.ts";
import { createReport } from "../output/report.ts";

/** `bellwether train` */
export function trainCommand(context: CliContext): Command {
  return withDataOptions(new Command("train"), context)
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
      "\nExamples:\n  npx bellwether demo && npx bellwether train --data demo --publish\n  npx bellwether train --data demo --export out   # writes out/training_rows.parquet for your own analysis\n  npx bellwether train --config config/examples/scms/model_config.yaml --mapping config/examples/scms/feature_mapping.yaml --data data",
    )
    .action(async (options) => {
      const report = createReport(options);
      const exportFolder = options.export === undefined ? null : path.resolve(context.cwd, options.export);
      if (exportFolder !== null) await checkExport(exportFolder, options, context.cwd);
      const { model, configHash, data, trained, published } = await train(options, context);
      const { evaluation, calibration, rowCounts, onnx, treeModel } = trained;
      for (const line of evaluationLines(model.name, evaluation)) report.line(line);
      report.line(verdict(evaluation).replaceAll("**", ""));
      if (calibration.outOfFold !== null) report.line(outOfFoldLine(calibration.outOfFold));
      for (const warning of trained.warnings) report.line(`warning: ${warning}`);
      report.line(`calibration: ${calibrationLine(calibration)}`);
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
        trees: treeModel.trees.length,
        model_bytes: onnx.byteLength,
        config_hash: configHash,
      });
    });
}

function publishedLine(name: string, published: PublishedModel | null): string {
  if (published === null) return "not published (add --publish)";
  return published.isNew
    ? `published ${name} ${published.version} as ${published.alias}`
    : `not published: ${name} ${published.version} has the same content, byte for byte; other data, another configuration or another seed makes a new version`;
}
