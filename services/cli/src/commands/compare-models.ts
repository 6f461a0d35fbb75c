import path from "node:path";
import { countText } from "@bellwether/reasons/count-text";
import { readVersion, resolveVersion } from "@bellwether/registry/versions/read-version";
import { openScoringModel } from "@bellwether/scoring/model/scoring-model";
import { Command } from "commander";
import { type CliContext, defaultModel, registryOf } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { compareFile, type FileComparison } from "../models/compare-file.ts";
import { comparisonJson, comparisonLines } from "../models/comparison-text.ts";
import { isTableFile } from "../models/predict-file.ts";
import {
  addressRemarks,
  askComparisons,
  type MergedComparison,
  mergeComparisons,
  type ReplicaComparison,
} from "../models/replica-comparisons.ts";
import { createReport } from "../output/report.ts";
import { defaultUrlText, ML_PEER } from "../remote/peer-url.ts";

const HELP =
  "\nWithout --input: the command shows the comparison that the replicas of ml-service have made since their start (SHADOW_SHARE). Each replica" +
  "\nhas only its own rows: give the URLs of all replicas with --ml. The command merges the rows. Exit code 1 if a replica does not answer." +
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
      "name of the model, only with --input (default: BELLWETHER_MODEL; if not set, supplier-risk)",
    )
    .option("--ml <url...>", `gRPC URLs of the replicas, separated by spaces (${defaultUrlText(ML_PEER)})`)
    .option("--json", "print the result as one line of JSON")
    .addHelpText("after", HELP)
    .action(async (champion: string | undefined, challenger: string | undefined, options) => {
      const report = createReport(options);
      if (options.input !== undefined) {
        if (options.ml !== undefined)
          throw new UsageError("--input compares on this computer, --ml asks services: give one of them");
        if (!isTableFile(options.input)) throw new UsageError("--input: expected a .csv, .parquet or .jsonl file");
        const pair = { champion: champion ?? "champion", challenger: challenger ?? "challenger" };
        const { names, compared } = await compareLocally(context, options.model, pair, options.input);
        for (const line of fileLines(names, compared)) report.line(line);
        report.json({ ...names, ...fileJson(compared) });
        return;
      }
      if (options.model !== undefined)
        throw new UsageError(
          "--model selects a model of the registry, with --input; ml-service compares its default model",
        );
      for (const name of [champion, challenger])
        if (name !== undefined && !/^v[1-9]\d*$/.test(name))
          throw new UsageError(`"${name.slice(0, 80)}": expected a version such as v3; omit it for the present one`);
      const answers = await askComparisons(context, options.ml);
      const merged = mergeComparisons(answers, { champion: champion ?? "", challenger: challenger ?? "" });
      const remarks = [...merged.remarks, ...(await addressRemarks(answers))];
      for (const line of replicaComparisonLines({ ...merged, remarks })) report.line(line);
      const { statistics, ...rest } = merged;
      report.json({ ...rest, remarks, statistics: statistics && comparisonJson(statistics) });
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

function fileLines(
  { model, champion, challenger }: { readonly model: string; readonly champion: string; readonly challenger: string },
  { statistics, rows, rejectedIds, rejectedByChampion, rejectedByChallenger, missingColumns }: FileComparison,
): string[] {
  return [
    `${model}: ${champion} and ${challenger} over ${countText(rows, "row")}`,
    ...(champion === challenger ? ["both are the same version: every difference below is 0"] : []),
    ...comparisonLines(statistics),
    ...(rejectedIds === 0 ? [] : [`not compared: ${countText(rejectedIds, "row")} without a valid supplier_id`]),
    ...(rejectedByChampion + rejectedByChallenger === 0
      ? []
      : [
          `not compared: ${champion} rejects ${rejectedByChampion} rows, ${challenger} rejects ${rejectedByChallenger}`,
        ]),
    ...(missingColumns.length === 0
      ? []
      : [`features without a column in the file, treated as missing: ${missingColumns.join(", ")}`]),
  ];
}

const fileJson = ({ statistics, ...counts }: FileComparison) => ({
  rows: counts.rows,
  rejected_ids: counts.rejectedIds,
  rejected_by_champion: counts.rejectedByChampion,
  rejected_by_challenger: counts.rejectedByChallenger,
  missing_columns: counts.missingColumns,
  statistics: comparisonJson(statistics),
});

/** Returns the comparison of the replicas in lines for a person. */
export function replicaComparisonLines({
  champion,
  challenger,
  replicas,
  statistics,
  remarks,
}: MergedComparison): string[] {
  const answered = replicas.filter(({ error }) => error === null);
  const isOff = answered.length > 0 && answered.every(({ state }) => state === "off");
  const counted = replicas.filter(({ rows }) => rows > 0).length;
  return [
    ...(statistics === null
      ? isOff
        ? ["nothing was compared: the shadow is off"]
        : [`${champion || "no champion"} and ${challenger || "no challenger"}: nothing was compared`]
      : [
          `${champion} and ${challenger}, rows of ${countText(counted, "replica")} of ${replicas.length}`,
          ...comparisonLines(statistics),
        ]),
    ...replicas.flatMap(replicaText),
    ...remarks.map((remark) => `note: ${remark}`),
  ];
}

function replicaText({ url, replica, state, detail, share, rows, since, losses, error }: ReplicaComparison): string[] {
  if (error !== null) return [`${url}: ${error}`];
  if (state === "off")
    return [
      `${replica} (${url}): the shadow is off; set SHADOW_SHARE of ml-service, for example to 0.1, and restart it`,
    ];
  const why = detail === "" ? "" : ` (${detail})`;
  return [
    `${replica} (${url}): ${state.replace("_", " ")}${why}, share ${share}; ${countText(rows, "row")} since ${since ?? "–"}`,
    ...lossLines(losses),
  ];
}

function lossLines(losses: ReplicaComparison["losses"]): string[] {
  const list = (name: string) => (Array.isArray(losses?.[name]) ? losses[name] : []);
  const texts = [...list("dropped"), ...list("rejections")].flatMap((entry) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return [];
    const field = entry.field ? `, first at ${entry.field}` : "";
    return [`${entry.rows} ${"field" in entry ? `rejected by the challenger: ${entry.reason}${field}` : entry.reason}`];
  });
  const failed = losses?.failed_rows ? [`${losses.failed_rows} failed: ${losses.last_failure}`] : [];
  return [...texts, ...failed].map((text) => `  not compared: ${text}`);
}
