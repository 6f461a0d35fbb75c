import path from "node:path";
import { readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { Command } from "commander";
import { type CliContext, defaultModel, registryOf } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { compareFile } from "../models/compare-file.ts";
import { fileComparisonJson, fileComparisonLines } from "../models/file-comparison-text.ts";
import { isTableFile } from "../models/predict-file.ts";
import { replicaComparisonJson, replicaComparisonLines } from "../models/replica-comparison-text.ts";
import { addressRemarks, askComparisons, mergeComparisons } from "../models/replica-comparisons.ts";
import { createReport } from "../output/report.ts";
import { JSON_FLAG, REPLICAS_FLAG } from "../remote/shared-options.ts";

const HELP =
  "\nWithout --input: the command shows what the replicas of ml-service have compared since they started (SHADOW_SHARE). Each replica" +
  "\nhas only its own rows: give the URLs of all replicas with --ml. The command merges their sums. Exit code 1 if a replica does not answer." +
  "\nWith --input: both versions score the rows of the file on this computer, and no service is called." +
  "\nConfidence intervals are at 95 %; all rows of one supplier are one cluster. docs/shadow.md explains how each figure is computed." +
  "\n\nExamples:\n  npx bellwether models compare --ml http://10.0.0.5:9081 http://10.0.0.6:9081" +
  "\n  npx bellwether models compare champion challenger --input suppliers.csv";

/** `bellwether models compare` */
export function compareModelsCommand(context: CliContext): Command {
  return new Command("compare")
    .description("Compare two versions: scores, bands, ranks, reasons and CPU time.")
    .argument(
      "[champion]",
      "with --input a version or alias, without --input a version such as v2 (default: the champion)",
    )
    .argument(
      "[challenger]",
      "with --input a version or alias, without --input a version such as v3 (default: the challenger)",
    )
    .option("--input <file>", "score the rows of this .csv, .parquet or .jsonl file with both versions")
    .option(
      "--model <name>",
      "name of the model (default with --input: BELLWETHER_MODEL, if not set supplier-risk; without it the default model of ml-service)",
    )
    .option(...REPLICAS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", HELP)
    .action(async (champion: string | undefined, challenger: string | undefined, options) => {
      const report = createReport(options);
      if (options.input !== undefined) {
        if (options.ml !== undefined)
          throw new UsageError("give either --input (compares on this computer) or --ml (asks services)");
        if (!isTableFile(options.input)) throw new UsageError("--input: expected a .csv, .parquet or .jsonl file");
        const pair = { champion: champion ?? "champion", challenger: challenger ?? "challenger" };
        const { names, compared } = await compareLocally(context, options.model, pair, options.input);
        for (const line of fileComparisonLines(names, compared)) report.line(line);
        report.json({ ...names, ...fileComparisonJson(compared) });
        return;
      }
      for (const name of [champion, challenger])
        if (name !== undefined && !/^v[1-9]\d*$/.test(name))
          throw new UsageError(`"${name.slice(0, 80)}": expected a version such as v3; omit it for the current one`);
      const answers = await askComparisons(context, options.ml, options.model ?? "");
      const found = mergeComparisons(answers, { champion: champion ?? "", challenger: challenger ?? "" });
      const merged = { ...found, remarks: [...found.remarks, ...(await addressRemarks(answers))] };
      for (const line of replicaComparisonLines(merged)) report.line(line);
      report.json(replicaComparisonJson(merged));
      if (answers.some(({ error }) => error !== null)) process.exitCode = 1;
    });
}

async function compareLocally(
  context: CliContext,
  model: string | undefined,
  wanted: { readonly champion: string; readonly challenger: string },
  input: string,
) {
  const [root, name] = [registryOf(context), model ?? defaultModel(context)];
  const open = async (version: string) =>
    await openScoringModel(await readVersion(root, name, await resolveVersion(root, name, version)));
  const champion = await open(wanted.champion);
  try {
    const challenger = await open(wanted.challenger);
    try {
      const names = {
        model: name,
        champion: champion.identity.version,
        challenger: challenger.identity.version,
      };
      return { names, compared: await compareFile(champion, challenger, path.resolve(context.cwd, input)) };
    } finally {
      await challenger.release();
    }
  } finally {
    await champion.release();
  }
}
