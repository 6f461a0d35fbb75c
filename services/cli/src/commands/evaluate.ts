import { singleFeatureBaseline } from "@bellwether/risk-model/evaluate/baseline";
import { evaluateScores } from "@bellwether/risk-model/evaluate/evaluation";
import type { FeatureTable } from "@bellwether/risk-model/spec/feature-table";
import { splitRows } from "@bellwether/risk-model/training/split-rows";
import { scoreBatch } from "@bellwether/scoring/score-batch";
import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { evaluationJson, evaluationLines } from "../evaluation-report.ts";
import { withLocalModel } from "../open-model.ts";
import { createReport } from "../report.ts";
import { loadTrainingData, withDataOptions } from "../training-data.ts";

/** The chosen rows of a table in columns. */
function pickRows(table: FeatureTable, rows: Uint32Array) {
  const texts = table.texts;
  return {
    rows: rows.length,
    numbers: new Map(
      [...table.numbers].map(([name, column]) => [name, Float64Array.from(rows, (row) => column[row] ?? Number.NaN)]),
    ),
    categories: new Map(
      [...table.categories].map(([name, column]) => [name, Array.from(rows, (row) => column[row] ?? null)]),
    ),
    texts: texts === null ? null : Array.from(rows, (row) => texts[row] ?? ""),
  };
}

/** `bellwether evaluate` */
export function evaluateCommand(context: CliContext): Command {
  return withDataOptions(new Command("evaluate"))
    .option("--model-version <version>", "version or alias, default the champion")
    .option("--json", "print the result as one line of JSON")
    .addHelpText("after", "\nExample:\n  npx bellwether evaluate --data demo --model-version challenger")
    .action(async (options) => {
      const report = createReport(options);
      const { model: spec, data } = await loadTrainingData(options, context.cwd);
      const { table } = data;
      const labels = table.labels ?? new Uint8Array(table.rows);
      await withLocalModel(context, { model: spec.name, modelVersion: options.modelVersion }, async (model) => {
        const split = splitRows(table, Uint32Array.from(labels.keys()), spec.split, spec.seed);
        const scores = await scoreBatch(model, pickRows(table, split.test), false);
        const known = Array.from(split.test.keys()).filter((i) => !Number.isNaN(scores.riskScores[i]));
        const testRows = Uint32Array.from(known, (i) => split.test[i] ?? 0);
        const numeric = spec.features.filter((feature) => feature.kind === "numeric").map((feature) => feature.name);
        const trainPositives = split.train.reduce((sum, row) => sum + (labels[row] ?? 0), 0);
        const evaluation = evaluateScores(
          Float64Array.from(known, (i) => scores.riskScores[i] ?? Number.NaN),
          Uint8Array.from(testRows, (row) => labels[row] ?? 0),
          Array.from(testRows, (row) => table.supplierIds[row] ?? ""),
          {
            trainingRate: trainPositives / split.train.length,
            baseline: singleFeatureBaseline(table, labels, numeric, split.train, testRows),
            seed: spec.seed,
          },
        );
        const { name, version } = model.identity;
        for (const line of evaluationLines(`${name} ${version}`, evaluation)) report.line(line);
        const unscored = split.test.length - known.length;
        if (unscored > 0) report.line(`${unscored} test rows got no score and are left out`);
        report.json({ model: name, version, ...evaluationJson(evaluation), unscored });
      });
    });
}
