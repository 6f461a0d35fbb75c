import path from "node:path";
import { type FlatScore, flatScore } from "@bellwether/contract/flat-json/flat-score";
import { countText } from "@bellwether/reasons/count-text";
import { featureText, numberText, unitBeside, withUnit } from "@bellwether/reasons/reason-text";
import { contradictsDirection, factsOf } from "@bellwether/scoring/score/feature-facts";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { readSupplier, scoreFlatSupplier } from "../input/read-supplier.ts";
import { checkModelOptions, withModelOptions } from "../models/check-model-options.ts";
import { withLocalModel } from "../models/open-model.ts";
import { type FileScores, isTableFile, predictFile } from "../models/predict-file.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { checkTargetFile } from "../output/target-folder.ts";
import { listenerUrl } from "../remote/listener-url.ts";
import { ML_EXAMPLE_URL } from "../remote/peer-url.ts";
import { parseAnswer, postJson } from "../remote/post-json.ts";
import { readScore } from "../remote/service-answers.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

const TOP = 5;

/** Returns the text of a typical value, with four significant digits. */
const shortText = (typical: number | string): string => (typeof typical === "number" ? numberText(typical) : typical);

/** Returns what a person must know to read a contribution: "" for an ordinary one. */
function remarkOf({ feature, value, contradicts_direction: contradicts }: FlatScore["top_features"][number]): string {
  // A service of an earlier version does not send contradicts_direction.
  if (contradicts) return " [against the declared direction: not a reason]";
  return feature.includes(":") && value === 0 ? " [the word is not in the text]" : "";
}

function scoreLines(score: FlatScore): string[] {
  // A service of an earlier version sends no prediction.
  const number = score.prediction ?? score.margin;
  const shown =
    score.risk_score !== null
      ? score.risk_score.toFixed(4)
      : number === null
        ? "no score"
        : `${Number(number.toPrecision(7))}, the output of a regressor, which has no band`;
  const features = score.top_features.map((f) => {
    const unit = unitBeside(featureText(f.feature), f.unit);
    return `  ${f.contribution >= 0 ? "+" : "−"}${Math.abs(f.contribution).toFixed(4)}  ${f.feature} = ${withUnit(String(f.value ?? "missing"), unit)}${f.typical === null ? "" : ` (typical ${shortText(f.typical)})`}${remarkOf(f)}`;
  });
  const missing = score.missing_features.length === 0 ? [] : [`missing: ${score.missing_features.join(", ")}`];
  return [
    `${score.supplier_id}: ${shown}${score.risk_score === null && number !== null ? "" : ` (${score.band})`}, model ${score.model_version}`,
    ...features,
    ...missing,
    ...score.warnings.map((w) => `warning: ${w.message}`),
  ].map(printable);
}

function fileLines({
  output,
  rows,
  scored,
  tooFew,
  rejected,
  cleanedIds,
  repeatedIds,
  firstError,
  unknownCategories,
  missingColumns,
  ignoredColumns,
  isRegressor,
}: FileScores): string[] {
  return [
    `${scored} of ${countText(rows, "supplier")} scored, ${tooFew} with too few known features, ${rejected} rejected: ${output}`,
    ...(isRegressor ? ["the model is a regressor: its numbers are in the column prediction, risk_score is empty"] : []),
    ...(firstError === null ? [] : [`first rejected row: ${firstError}`]),
    ...(cleanedIds === 0
      ? []
      : [
          `supplier ids: ${countText(cleanedIds, "row")} had invisible characters or surrounding white space in supplier_id, which were removed`,
        ]),
    ...(repeatedIds === 0
      ? []
      : [
          `supplier ids: ${countText(repeatedIds, "row repeats", "rows repeat")} the supplier_id of an earlier row; each row has its own score`,
        ]),
    ...Object.entries(unknownCategories).map(
      ([name, count]) => `warning: ${name} has ${countText(count, "value")} that the model does not know as a category`,
    ),
    ...(missingColumns.length === 0
      ? []
      : [`features without a column in the file, treated as missing: ${missingColumns.join(", ")}`]),
    ...(ignoredColumns.length === 0
      ? []
      : [`columns that the model does not use, ignored: ${ignoredColumns.join(", ")}`]),
  ].map(printable);
}

const fileJson = ({
  tooFew,
  cleanedIds,
  repeatedIds,
  firstError,
  unknownCategories,
  missingColumns,
  ignoredColumns,
  isRegressor,
  ...counts
}: FileScores) => ({
  ...counts,
  is_regressor: isRegressor,
  too_few_features: tooFew,
  cleaned_ids: cleanedIds,
  repeated_ids: repeatedIds,
  first_error: firstError,
  unknown_categories: unknownCategories,
  missing_columns: missingColumns,
  ignored_columns: ignoredColumns,
});

/** `bellwether predict` */
export function predictCommand(context: CliContext): Command {
  return withModelOptions(new Command("predict"))
    .requiredOption(
      "--input <json>",
      "one supplier: a flat JSON object, a file that contains the object, or - for standard input. Many suppliers: a .csv, .parquet or .jsonl file with one row per supplier: supplier_id and the features of the model as columns, not the raw file that a mapping reads (required)",
    )
    .option(
      "--output <file>",
      "file for the scores, .csv or .parquet; required if --input is a file of many suppliers, otherwise not allowed",
    )
    .option(
      "--url <url>",
      `HTTP URL of a running ml-service, for example ${ML_EXAMPLE_URL}. The service computes the score with its champion; the command does not read the model registry`,
      listenerUrl,
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      `\nExit code 1 if a row of a file is rejected; the other rows are scored, and the column error has the reason.\n\nExamples:\n  npx bellwether predict --input '{"supplier_id":"S_00001","past_disputes":7,"late_ratio":0.4}'\n  npx bellwether predict --input supplier.json --url ${ML_EXAMPLE_URL} --json\n  npx bellwether predict --input suppliers.csv --output scores.parquet`,
    )
    .action(async (options) => {
      const report = createReport(options);
      checkModelOptions(options);
      if (isTableFile(options.input) && options.output === undefined)
        throw new UsageError(
          `--input ${options.input} is a file of suppliers: add --output FILE for the scores, for example --output scores.csv`,
        );
      if (!isTableFile(options.input) && options.output !== undefined)
        throw new UsageError(
          "--output is only for a .csv, .parquet or .jsonl file as --input; without --output, the score of one supplier is printed",
        );
      if (options.output !== undefined) {
        if (options.url) throw new UsageError("a file of suppliers is scored with the model registry; omit --url");
        const input = path.resolve(context.cwd, options.input);
        const output = path.resolve(context.cwd, options.output);
        await checkTargetFile("--output", output, [{ option: "--input", file: input }]);
        const scores = await withLocalModel(context, options, (model) => predictFile(model, input, output));
        for (const line of fileLines(scores)) report.line(line);
        report.json(fileJson(scores));
        if (scores.rejected > 0) process.exitCode = 1;
        return;
      }
      const { json, supplier } = await readSupplier("--input", options.input, context.cwd);
      const score: FlatScore = options.url
        ? parseAnswer(options.url, await postJson(options.url, "/predict", json, context.env), readScore)
        : await withLocalModel(context, options, async (model) => {
            const score = await scoreFlatSupplier(model, supplier);
            const parts = {
              ...score,
              supplierId: supplier.supplierId,
              margin: score.output,
              classProbabilities: score.probabilities,
              topContributions: score.contributions.slice(0, TOP).map((entry) => ({
                ...entry,
                ...factsOf(model.bundle, entry.feature),
                contradictsDirection: contradictsDirection(model.bundle, entry),
              })),
              missingFeatures: score.missing,
            };
            return flatScore(parts, score.band);
          });
      for (const line of scoreLines(score)) report.line(line);
      report.json(score);
    });
}
