import path from "node:path";
import { type FlatScore, flatScore } from "@bellwether/contract/flat-json/flat-score";
import { numberText } from "@bellwether/reasons/reason-text";
import { factsOf } from "@bellwether/scoring/score/feature-facts";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { readSupplier, scoreFlatSupplier } from "../input/read-supplier.ts";
import { withLocalModel } from "../models/open-model.ts";
import { type FileScores, isTableFile, predictFile } from "../models/predict-file.ts";
import { createReport } from "../output/report.ts";
import { checkTargetFile } from "../output/target-folder.ts";
import { postJson } from "../remote/post-json.ts";

const TOP = 5;

/** Text of a typical value: four significant digits are enough to compare with. */
const shortText = (typical: number | string): string => (typeof typical === "number" ? numberText(typical) : typical);

function scoreLines(score: FlatScore): string[] {
  const shown =
    score.risk_score !== null
      ? score.risk_score.toFixed(4)
      : score.margin === null
        ? "no score"
        : `${Number(score.margin.toPrecision(7))}, a regressor's number without a band`;
  const features = score.top_features.map(
    (f) =>
      `  ${f.contribution >= 0 ? "+" : "−"}${Math.abs(f.contribution).toFixed(4)}  ${f.feature} = ${f.value ?? "missing"}${f.unit === "" ? "" : ` ${f.unit}`}${f.typical === null ? "" : ` (typical ${shortText(f.typical)})`}`,
  );
  const missing = score.missing_features.length === 0 ? [] : [`missing: ${score.missing_features.join(", ")}`];
  return [
    `${score.supplier_id}: ${shown}${score.risk_score === null && score.margin !== null ? "" : ` (${score.band})`}, model ${score.model_version}`,
    ...features,
    ...missing,
    ...score.warnings.map((w) => `warning: ${w.message}`),
  ];
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
  missingColumns,
  ignoredColumns,
}: FileScores): string[] {
  return [
    `${scored} of ${rows} suppliers scored, ${tooFew} with too few known features, ${rejected} rejected: ${output}`,
    ...(firstError === null ? [] : [`first rejected: ${firstError}`]),
    ...(cleanedIds === 0
      ? []
      : [`supplier ids: ${cleanedIds} rows lost characters that cannot be seen or white space around the id`]),
    ...(repeatedIds === 0
      ? []
      : [`supplier ids: ${repeatedIds} rows have the id of an earlier row; each row was scored`]),
    ...(missingColumns.length === 0 ? [] : [`not in the file, so missing: ${missingColumns.join(", ")}`]),
    ...(ignoredColumns.length === 0 ? [] : [`not known to the model, so ignored: ${ignoredColumns.join(", ")}`]),
  ];
}

const fileJson = ({
  tooFew,
  cleanedIds,
  repeatedIds,
  firstError,
  missingColumns,
  ignoredColumns,
  ...counts
}: FileScores) => ({
  ...counts,
  too_few_features: tooFew,
  cleaned_ids: cleanedIds,
  repeated_ids: repeatedIds,
  first_error: firstError,
  missing_columns: missingColumns,
  ignored_columns: ignoredColumns,
});

/** `bellwether predict` */
export function predictCommand(context: CliContext): Command {
  return new Command("predict")
    .requiredOption(
      "--input <json>",
      "a flat JSON object, a file with one, - for standard input, or a .csv, .parquet or .jsonl file of suppliers",
    )
    .option("--output <file>", "with a file of suppliers: where to write the scores, .csv or .parquet")
    .option("--url <url>", "ask the service there instead, for example http://localhost:8081")
    .option("--model <name>", "model to use")
    .option("--model-version <version>", "version or alias, default the champion")
    .option("--json", "print the result as one line of JSON")
    .addHelpText(
      "after",
      `\nExamples:\n  npx bellwether predict --input '{"supplier_id":"S_00001","past_disputes":7,"late_ratio":0.4,…}'\n  npx bellwether predict --input supplier.json --url http://localhost:8081 --json\n  npx bellwether predict --input suppliers.csv --output scores.parquet`,
    )
    .action(async (options) => {
      const report = createReport(options);
      if (options.url && (options.model || options.modelVersion))
        throw new UsageError(
          "--model and --model-version choose from the local registry; with --url the service's champion answers",
        );
      if (isTableFile(options.input) !== (options.output !== undefined))
        throw new UsageError(
          "--output FILE goes with a .csv, .parquet or .jsonl file as --input, and that file needs it",
        );
      if (options.output !== undefined) {
        if (options.url) throw new UsageError("a file is scored with the local registry; leave --url out");
        const [input, output] = [options.input, options.output].map((file) => path.resolve(context.cwd, file));
        await checkTargetFile("--output", output ?? "");
        const scores = await withLocalModel(context, options, (model) => predictFile(model, input ?? "", output ?? ""));
        for (const line of fileLines(scores)) report.line(line);
        report.json(fileJson(scores));
        return;
      }
      const { json, supplier } = await readSupplier(options.input, context.cwd);
      const score: FlatScore = options.url
        ? (JSON.parse(await postJson(options.url, "/predict", json, context.env)) as FlatScore)
        : await withLocalModel(context, options, async (model) => {
            const score = await scoreFlatSupplier(model, supplier);
            const parts = {
              ...score,
              supplierId: supplier.supplierId,
              margin: score.output,
              classProbabilities: score.probabilities,
              topContributions: score.contributions
                .slice(0, TOP)
                .map((entry) => ({ ...entry, ...factsOf(model.bundle, entry.feature) })),
              missingFeatures: score.missing,
            };
            return flatScore(parts, score.band);
          });
      for (const line of scoreLines(score)) report.line(line);
      report.json(score);
    });
}
