import { access } from "node:fs/promises";
import path from "node:path";
import { parseConfigPair } from "@bellwether/config/config-pair";
import { parseYaml } from "@bellwether/config/yaml-file";
import { readEnv } from "@bellwether/env/env";
import { INGEST_ENV, ingestLimits } from "@bellwether/ingest/ingest-env";
import { readTrainingTable, type TrainingTable } from "@bellwether/ingest/training/training-table";
import { countText } from "@bellwether/reasons/count-text";
import { leakWarnings } from "@bellwether/risk-model/training/leak-warnings";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { chooseColumnRoles, type Roles } from "../init/choose-column-roles.ts";
import { columnNames } from "../init/column-names.ts";
import { draftMapping, draftModelConfig, usualMarks } from "../init/draft-files.ts";
import { type NumberMarks, profileColumn } from "../init/profile-column.ts";
import { readSample, type Sample } from "../init/read-sample.ts";
import { JSON_FLAG } from "../input/shared-options.ts";
import { rejectedLines } from "../output/rejected-lines.ts";
import { createReport } from "../output/report.ts";
import { shellWord } from "../output/shell-word.ts";
import { makeTargetFolder } from "../output/target-folder.ts";
import { writeText, writeWholeFile } from "../output/whole-file.ts";

const MODEL_FILE = "model_config.yaml";
const MAPPING_FILE = "feature_mapping.yaml";

interface InitOptions {
  readonly label: string;
  readonly output?: string;
  readonly id?: string;
  readonly date?: string;
  readonly risk?: string;
  readonly json?: boolean;
}

/** `bellwether init` */
export function initCommand(context: CliContext): Command {
  return new Command("init")
    .argument(
      "<file>",
      "table with a header and one row per supplier, or one row per supplier and date: CSV, compressed CSV (.csv.gz) or Parquet",
    )
    .requiredOption(
      "--label <column>",
      "column that says whether the risk event happened; if the column has more than two values, add --risk (required)",
    )
    .option("--output <dir>", "folder for the two files (default: a folder with the name of the table)")
    .option("--id <column>", "column that identifies the supplier (default: found by its name and values)")
    .option(
      "--date <column>",
      "column with the date or the year when the values of a row were known (default: found by its name)",
    )
    .option(
      "--risk <value>",
      "value of the label that means risk; all other values mean no risk (default: the value that is a word for risk, such as yes or failed, else the rarer value)",
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nThe command drafts model_config.yaml and feature_mapping.yaml from the header and a sample of the rows. Before the command\nwrites the drafts, it tries them on the whole file." +
        " Comments with TODO say what a person must decide. Existing files are never overwritten.\n" +
        "\nExamples:\n  npx bellwether init suppliers.csv --label high_risk" +
        "\n  npx bellwether init history.csv.gz --label 'Company Status' --risk failed --id company_name --date year --output config/failures" +
        "\n  npx bellwether train --config suppliers/model_config.yaml --mapping suppliers/feature_mapping.yaml --data .   # after you have checked the TODO comments",
    )
    .action(async (given: string, options: InitOptions) => {
      const report = createReport(options);
      const file = path.resolve(context.cwd, given);
      const stem = path.basename(file).replace(/(?:\.(?:csv|tsv|txt|parquet|gz|zst))+$/i, "");
      const folder = path.resolve(context.cwd, options.output ?? stem);
      await checkAbsent([path.join(folder, MODEL_FILE), path.join(folder, MAPPING_FILE)]);
      const sample = await readSample(file);
      const { roles, model, mapping } = draft(sample, stem, path.basename(file), options);
      const data = await tryDraft(file, model, mapping, context);
      const { table } = data;
      const warnings = [
        ...data.warnings,
        ...(table.labels === null ? [] : leakWarnings(table, table.labels, Uint32Array.from(table.labels.keys()))),
      ];
      await makeTargetFolder("--output", folder);
      const files = [path.join(folder, MODEL_FILE), path.join(folder, MAPPING_FILE)] as const;
      await writeNew(files[0], model);
      await writeNew(files[1], mapping);

      const positives = table.labels?.reduce((sum, label) => sum + label, 0) ?? 0;
      for (const line of summaryLines(sample, roles)) report.line(line);
      report.line(
        `rows: ${table.rows} mapped, ${positives} with the risk, ${data.rejected.count} rejected, ${data.unlabelled} without a label`,
      );
      for (const line of rejectedLines(data)) report.line(line);
      for (const warning of warnings) report.line(`warning: ${warning}`);
      for (const name of files) report.line(`wrote ${path.relative(context.cwd, name) || name}`);
      const at = (name: string): string => shellWord(path.relative(context.cwd, name) || ".");
      const pair = `--config ${at(files[0])} --mapping ${at(files[1])}`;
      report.line(
        `next: check the lines with TODO, then\n  npx bellwether train ${pair} --data ${at(path.dirname(file))} --publish`,
      );
      report.json({
        ...{ model_config: files[0], feature_mapping: files[1], rows: table.rows, positives },
        ...{ rejected: data.rejected, unlabelled: data.unlabelled, warnings },
        columns: roles.columns.map(({ name, role, reason, profile: { header, type } }) => ({
          header,
          name,
          type,
          role,
          reason,
        })),
      });
    });
}

async function checkAbsent(files: readonly string[]): Promise<void> {
  for (const file of files)
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      throw new UsageError(`${file} exists and is not overwritten; name another folder with --output`);
}

/** Writes a file that does not exist yet. */
async function writeNew(file: string, text: string): Promise<void> {
  await checkAbsent([file]);
  await writeWholeFile(file, (out) => writeText(out, text));
}

function draft(sample: Sample, stem: string, file: string, options: InitOptions) {
  const names = columnNames(sample.header);
  const profilesOf = (usual?: NumberMarks) =>
    sample.header.map((header, at) =>
      profileColumn(
        header,
        sample.rows.map((row) => row[at] ?? ""),
        usual,
      ),
    );
  const first = profilesOf();
  const usual = usualMarks(first);
  // Numbers such as 1.590 alone do not say whether the point is a thousands mark; the other columns do.
  const profiles = usual.thousands === null ? first : profilesOf(usual);
  const roles = chooseColumnRoles(sample, profiles, names, options);
  if (!roles.columns.some(({ role }) => role === "numeric" || role === "category"))
    throw new UsageError(`${file} has no column that can be a feature: ${leftOutText(roles.columns)}`);
  const plain = stem
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const draftNames = { model: plain.slice(0, 60) || "model", file };
  return { roles, model: draftModelConfig(roles, draftNames), mapping: draftMapping(sample, roles, draftNames) };
}

const leftOutText = (columns: Roles["columns"]): string =>
  columns
    .filter(({ role }) => role === "left out")
    .map(({ profile, reason }) => `${profile.header} (${reason})`)
    .slice(0, 10)
    .join(", ");

/** Reads the whole file with the drafts, before they are written. */
async function tryDraft(file: string, model: string, mapping: string, { env }: CliContext): Promise<TrainingTable> {
  const pair = await parseConfigPair(parseYaml(model, MODEL_FILE), parseYaml(mapping, MAPPING_FILE));
  return await readTrainingTable({
    ...{ model: pair.model, mapping: pair.mapping, dataDir: path.dirname(file), checksFuture: true },
    limits: ingestLimits(readEnv(env, INGEST_ENV)),
  });
}

function summaryLines(sample: Sample, { columns, id, asOf, label, labelValues }: Roles): string[] {
  const count = (role: string): number => columns.filter((column) => column.role === role).length;
  const shown = sample.delimiter === "\t" ? "tab" : sample.delimiter;
  const form = sample.format === "parquet" ? "Parquet" : `CSV, ${sample.encoding}, delimiter ${shown}`;
  return [
    `read: ${form}, ${countText(sample.header.length, "column")}, a sample of ${countText(sample.rows.length, "row")}${sample.isWhole ? ", which is the whole file" : ""}`,
    `label: ${label.profile.header}, risk ${labelValues.riskClass} (${(100 * labelValues.rate).toFixed(1)} % of the rows)${labelValues.isGuess ? ", which is a guess; set it with --risk" : ""}`,
    `supplier: ${id === null ? "no column identifies the rows, so they are numbered; set it with --id" : id.profile.header}; name: ${columns.find(({ role }) => role === "name")?.profile.header ?? "none, so the id is shown"}; date: ${asOf === null ? "none; set it with --date" : asOf.profile.header}`,
    `features: ${count("numeric")} numbers, ${countText(count("category"), "category", "categories")}, ${countText(count("text"), "text")}; ${countText(count("left out"), "column")} left out${count("left out") === 0 ? "" : `: ${leftOutText(columns)} (types and marks of numbers: docs/mapping.md)`}`,
  ];
}
