import { countText } from "@bellwether/reasons/count-text";
import { scaleLines } from "@bellwether/risk-model/scorecard/scorecard-card";
import { bandChangeLine } from "@bellwether/scoring/publish/band-change";
import type { PublishedModel } from "@bellwether/scoring/publish/publish-model";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { withConfigOptions } from "../input/config-options.ts";
import { type OpenedScorecard, openScorecard, publishScorecard, SCORECARD_FILE } from "../models/scorecard-model.ts";
import { rejectedLines } from "../output/rejected-lines.ts";
import { createReport, type Report } from "../output/report.ts";
import { surveyJson, surveyLines } from "../output/scorecard-report.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

/** `bellwether scorecard` */
export function scorecardCommand(context: CliContext): Command {
  const check = withOptions(new Command("check"), context)
    .description(
      "Check the ranges, categories and bands of a scorecard, and report all violations together. With --input, also count the suppliers in each band and range. Nothing is published.",
    )
    .addHelpText("after", "\nExample:\n  npx bellwether scorecard check --input new_data_weekly.csv")
    .action(async (options) => {
      const report = createReport(options);
      const opened = await openScorecard(options, context);
      reportScorecard(report, opened);
      report.json(scorecardJson(opened));
    });

  const publish = withOptions(new Command("publish"), context)
    .description(
      "Publish a scorecard as a version of its model: the first version becomes the champion, a later version becomes the challenger. No labels are needed.",
    )
    .addHelpText("after", "\nExample:\n  npx bellwether scorecard publish --input new_data_weekly.csv")
    .action(async (options) => {
      const report = createReport(options);
      const opened = await openScorecard(options, context);
      reportScorecard(report, opened);
      const published = await publishScorecard(opened, context, new Date());
      report.line(publishedLine(opened.model.name, published));
      if (published.bands !== null && published.champion !== undefined)
        report.line(bandChangeLine(published.version, published.champion, published.bands));
      report.json({
        ...scorecardJson(opened),
        ...{ version: published.version, alias: published.alias, published: published.isNew },
        band_change: published.bands,
      });
    });

  const scorecard = new Command("scorecard").addHelpText(
    "after",
    "\nnpx bellwether init drafts a first scorecard. docs/scorecard.md explains each field." +
      "\n\nExamples:\n  npx bellwether scorecard check\n  npx bellwether scorecard publish --input new_data_weekly.csv",
  );
  for (const command of [check, publish]) scorecard.addCommand(command.copyInheritedSettings(scorecard).exitOverride());
  return scorecard;
}

function withOptions(command: Command, context: CliContext): Command {
  return withConfigOptions(command, context, {
    config: "model configuration, YAML: declares the features",
    mapping: "feature mapping, YAML: how --input becomes the features",
  })
    .option(
      "--scorecard <file>",
      `scorecard, YAML: points and bands (default: ${SCORECARD_FILE} in the folder of --config)`,
    )
    .option(
      "--input <file>",
      "the present suppliers, without labels, in the form of a weekly file. Later weekly runs are compared with the distributions of these suppliers (drift). Without this option, weekly runs are compared only with the previous week",
    )
    .option(...JSON_FLAG);
}

function reportScorecard(report: Report, { scorecard, file, rows, built }: OpenedScorecard): void {
  const { features, unused } = scorecard;
  report.line(
    `${file}: ${countText(features.length, "feature")} with points, ${unused.length} without${unused.length === 0 ? "" : ` (${unused.join(", ")})`}`,
  );
  for (const line of scaleLines(scorecard)) report.line(line.replace(/^- /, ""));
  report.line("the scale is a judgement of people: no probability was compared with outcomes (docs/scorecard.md)");
  if (rows !== null && built.survey !== null) {
    const { snapshot, table } = rows;
    for (const line of rejectedLines(snapshot)) report.line(line);
    if (table.rows < snapshot.rows) report.line(`a sample of ${table.rows} of ${countText(snapshot.rows, "supplier")}`);
    for (const line of surveyLines(built.survey)) report.line(line);
  }
}

function scorecardJson({ model, scorecard, configHash, rows, built }: OpenedScorecard) {
  const { bundle, treeModel, survey } = built;
  return {
    model: model.name,
    bands: { points: scorecard.bands, probabilities: bundle.bands },
    features: scorecard.features.map(({ name }) => name),
    unused: scorecard.unused,
    trees: treeModel.trees.length,
    output_per_point: bundle.outputPerPoint,
    config_hash: configHash,
    suppliers: survey && {
      ...surveyJson(survey),
      of: rows?.snapshot.rows,
      rejected_by_mapping: rows?.snapshot.rejected,
    },
  };
}

function publishedLine(name: string, { isNew, version, alias }: PublishedModel): string {
  return isNew
    ? `published ${name} ${version} as ${alias}`
    : `not published: ${name} ${version} has the same content, byte for byte`;
}
