import { singleFeatureBaseline } from "@bellwether/risk-model/evaluate/baseline";
import { compareScores } from "@bellwether/risk-model/evaluate/compare-scores";
import { evaluateScores } from "@bellwether/risk-model/evaluate/evaluation";
import { splitRows } from "@bellwether/risk-model/training/split-rows";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { loadTrainingData, withDataOptions } from "../data/training-data.ts";
import { type EvaluatedRows, scoreTestRows } from "../models/evaluated-rows.ts";
import { comparisonJson, comparisonLines } from "../output/comparison-report.ts";
import { evaluationJson, evaluationLines } from "../output/evaluation-report.ts";
import { createReport } from "../output/report.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

/** `bellwether evaluate` */
export function evaluateCommand(context: CliContext): Command {
  return withDataOptions(new Command("evaluate"), context)
    .option(
      "--model <name>",
      "name of the model to evaluate, for example of an imported model. The configuration must declare the features of the model (default: the name in the configuration)",
    )
    .option(
      "--model-version <version>",
      "version or alias to evaluate, for example v3 or challenger (default: champion)",
    )
    .option(
      "--against <version>",
      "second version or alias, compared with --model-version on the same rows. The command prints the difference and its 95 % confidence interval for each metric",
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether evaluate --data demo --model-version challenger\n  npx bellwether evaluate --data demo --model-version challenger --against champion",
    )
    .action(async (options) => {
      const report = createReport(options);
      const { model: spec, configHash, data } = await loadTrainingData(options, context);
      const { table } = data;
      const labels = table.labels ?? new Uint8Array(table.rows);
      const split = splitRows(table, Uint32Array.from(labels.keys()), spec.split, spec.seed);
      const name: string = options.model ?? spec.name;
      const input = { table, rows: split.test, configHash, model: name };
      const first = await scoreTestRows(context, input, options.modelVersion);
      const second = options.against === undefined ? null : await scoreTestRows(context, input, options.against);

      const rows = Uint32Array.from(first.scores.keys()).filter(
        (i) => isScored(first, i) && (second === null || isScored(second, i)),
      );
      const tableRows = rows.map((i) => split.test[i] as number);
      const testLabels = Uint8Array.from(tableRows, (row) => labels[row] as number);
      const suppliers = Array.from(tableRows, (row) => table.supplierIds[row] ?? "");
      const scoresOf = ({ scores }: EvaluatedRows) => Float64Array.from(rows, (i) => scores[i] as number);
      const numeric = spec.features.filter((feature) => feature.kind === "numeric").map((feature) => feature.name);
      const evaluation = evaluateScores(scoresOf(first), testLabels, suppliers, {
        trainingRate: split.train.reduce((sum, row) => sum + (labels[row] as number), 0) / split.train.length,
        baseline: singleFeatureBaseline(table, labels, numeric, split.train, tableRows),
        seed: spec.seed,
      });
      const comparison =
        second === null ? null : compareScores(scoresOf(second), scoresOf(first), testLabels, suppliers, spec.seed);

      const warnings = [...first.warnings, ...(second?.warnings ?? [])];
      const isValid = !first.mayHaveTrainedOn && second?.mayHaveTrainedOn !== true;
      for (const warning of warnings) report.line(`warning: ${warning}`);
      for (const line of evaluationLines(`${name} ${first.version}`, evaluation)) report.line(line);
      const unscored = split.test.length - rows.length;
      if (unscored > 0) report.line(`${unscored} test rows have no score and are not in these figures`);
      if (comparison !== null && second !== null)
        for (const line of comparisonLines(second.version, first.version, comparison, isValid)) report.line(line);
      report.json({
        model: name,
        version: first.version,
        ...evaluationJson(evaluation),
        unscored,
        against: comparison !== null && second !== null ? comparisonJson(second.version, comparison, isValid) : null,
        warnings,
      });
    });
}

const isScored = ({ scores }: EvaluatedRows, i: number): boolean => !Number.isNaN(scores[i]);
