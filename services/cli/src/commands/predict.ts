import { type FlatScore, flatScore } from "@bellwether/risk-model/flat-json/flat-score";
import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withLocalModel } from "../open-model.ts";
import { postJson } from "../post-json.ts";
import { readSupplier, scoreFlatSupplier } from "../read-supplier.ts";
import { createReport } from "../report.ts";
import { UsageError } from "../usage-error.ts";

const TOP = 5;

function scoreLines(score: FlatScore): string[] {
  const shown =
    score.risk_score !== null
      ? score.risk_score.toFixed(4)
      : score.margin === null
        ? "no score"
        : `${Number(score.margin.toPrecision(7))}, a regressor's number without a band`;
  const features = score.top_features.map(
    (f) =>
      `  ${f.contribution >= 0 ? "+" : "−"}${Math.abs(f.contribution).toFixed(4)}  ${f.feature} = ${f.value ?? "missing"}`,
  );
  const missing = score.missing_features.length === 0 ? [] : [`missing: ${score.missing_features.join(", ")}`];
  return [
    `${score.supplier_id}: ${shown}${score.risk_score === null && score.margin !== null ? "" : ` (${score.band})`}, model ${score.model_version}`,
    ...features,
    ...missing,
    ...score.warnings.map((w) => `warning: ${w.message}`),
  ];
}

/** `bellwether predict` */
export function predictCommand(context: CliContext): Command {
  return new Command("predict")
    .requiredOption("--input <json>", "a flat JSON object, a file with one, or - for standard input")
    .option("--url <url>", "ask the service there instead, for example http://localhost:8081")
    .option("--model <name>", "model to use")
    .option("--model-version <version>", "version or alias, default the champion")
    .option("--json", "print the result as one line of JSON")
    .addHelpText(
      "after",
      `\nExamples:\n  npx bellwether predict --input '{"supplier_id":"S_00001","past_disputes":7,"late_ratio":0.4,…}'\n  npx bellwether predict --input supplier.json --url http://localhost:8081 --json`,
    )
    .action(async (options) => {
      const report = createReport(options);
      if (options.url && (options.model || options.modelVersion))
        throw new UsageError(
          "--model and --model-version choose from the local registry; with --url the service's champion answers",
        );
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
              topContributions: score.contributions.slice(0, TOP),
              missingFeatures: score.missing,
            };
            return flatScore(parts, score.band);
          });
      for (const line of scoreLines(score)) report.line(line);
      report.json(score);
    });
}
