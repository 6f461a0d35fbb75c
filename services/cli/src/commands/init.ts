import { access } from "node:fs/promises";
import path from "node:path";
import { type ConfigPair, parseConfigPair } from "@bellwether/config/config-pair";
import { parseScorecard } from "@bellwether/config/scorecard";
import { parseYaml } from "@bellwether/config/yaml-file";
import { readEnv } from "@bellwether/env/env";
import { INGEST_ENV, ingestLimits } from "@bellwether/ingest/ingest-env";
import { readTrainingTable } from "@bellwether/ingest/training/training-table";
import { countText } from "@bellwether/reasons/count-text";
import { leakWarnings } from "@bellwether/risk-model/training/leak-warnings";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { readUnlabelled } from "../data/unlabelled-rows.ts";
import { UsageError } from "../errors/usage-error.ts";
import { chooseColumnRoles, type Roles } from "../init/choose-column-roles.ts";
import { columnNames } from "../init/column-names.ts";
import { draftMapping, draftModelConfig, usualMarks } from "../init/draft-files.ts";
import { type DraftRows, draftScorecard } from "../init/draft-scorecard.ts";
import { type NumberMarks, profileColumn } from "../init/profile-column.ts";
import { readSample, type Sample } from "../init/read-sample.ts";
import { SCORECARD_FILE } from "../models/scorecard-model.ts";
import { rejectedLines } from "../output/rejected-lines.ts";
import { createReport } from "../output/report.ts";
import { shellWord } from "../output/shell-word.ts";
import { makeTargetFolder } from "../output/target-folder.ts";
import { writeText, writeWholeFile } from "../output/whole-file.ts";
import { JSON_FLAG } from "../remote/shared-options.ts";

const MODEL_FILE = "model_config.yaml";
const MAPPING_FILE = "feature_mapping.yaml";

interface InitOptions {
  readonly label?: string;
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
    .option(
      "--label <column>",
      "column that says whether the risk event happened; if the column has more than two values, add --risk (default: none. Rows without a label cannot train a model; the first version is then a scorecard)",
    )
    .option("--output <dir>", "folder for the files (default: a folder with the name of the table)")
    .option("--id <column>", "column that identifies the supplier (default: found by its name and values)")
    .option(
      "--date <column>",
      "column with the date or the year in which the values of a row were known (default: found by its name)",
    )
    .option(
      "--risk <value>",
      "value of the label that means risk; all other values mean no risk (default: a value that is a word for risk, such as yes or failed; if there is none, the rarer value)",
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nThe command drafts model_config.yaml and feature_mapping.yaml from the header and a sample of the rows, and scorecard.yaml from\nthe names and the quantiles of the numeric columns. Before the command writes the drafts, it tries them on the whole file." +
        " Comments with TODO say what a person must decide. Existing files are never overwritten.\n" +
        "\nExamples:\n  npx bellwether init suppliers.csv --label high_risk" +
        "\n  npx bellwether init suppliers.csv   # no label yet: npx bellwether scorecard publish makes the first version" +
        "\n  npx bellwether init history.csv.gz --label 'Company Status' --risk failed --id company_name --date year --output config/failures" +
        "\n  npx bellwether train --config suppliers/model_config.yaml --mapping suppliers/feature_mapping.yaml --data .   # after you have checked the TODO comments",
    )
    .action(async (given: string, options: InitOptions) => {
      const report = createReport(options);
      const file = path.resolve(context.cwd, given);
      const stem = path.basename(file).replace(/(?:\.(?:csv|tsv|txt|parquet|gz|zst))+$/i, "");
      const folder = path.resolve(context.cwd, options.output ?? stem);
      const names = [MODEL_FILE, MAPPING_FILE, SCORECARD_FILE];
      await checkAbsent(names.map((name) => path.join(folder, name)));
      const sample = await readSample(file);
      const { roles, totals, model, mapping } = draft(sample, stem, path.basename(file), options);
      const pair = await parseConfigPair(parseYaml(model, MODEL_FILE), parseYaml(mapping, MAPPING_FILE));
      const tried = await tryDraft(file, pair, context);
      const scorecard = draftScorecard(pair.model, tried.table, path.basename(file));
      if (scorecard !== null) parseScorecard(parseYaml(scorecard, SCORECARD_FILE), pair.model);
      await makeTargetFolder("--output", folder);
      const written: string[] = [];
      for (const [i, text] of [model, mapping, scorecard].entries()) {
        if (text === null) continue;
        written.push(path.join(folder, names[i] ?? ""));
        await writeNew(written.at(-1) ?? "", text);
      }

      for (const line of summaryLines(sample, roles)) report.line(line);
      for (const line of notKnownLines(roles)) report.line(line);
      report.line(tried.rowsText);
      for (const line of tried.lines) report.line(line);
      const warnings = [...tried.warnings, ...totalsWarnings(totals, roles)];
      for (const warning of warnings) report.line(`warning: ${warning}`);
      for (const name of written) report.line(`wrote ${shownPath(context.cwd, name)}`);
      if (scorecard === null)
        report.line(
          `no ${SCORECARD_FILE}: no name of a number says what a higher value means; write one (docs/scorecard.md)`,
        );
      const at = (name: string): string => shellWord(shownPath(context.cwd, name));
      const files = `--config ${at(path.join(folder, MODEL_FILE))} --mapping ${at(path.join(folder, MAPPING_FILE))}`;
      const next =
        roles.label === null
          ? `scorecard publish ${files} --input ${at(file)}`
          : `train ${files} --data ${at(path.dirname(file))} --publish`;
      report.line("next: check the lines with TODO, then");
      report.line(`  npx bellwether ${next}`);
      report.json({
        ...{ model_config: written[0], feature_mapping: written[1], scorecard: written[2] ?? null },
        ...tried.json,
        warnings,
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

/** Drafts from the rows without those of sums, which the mapping then rejects: their id is read as not known. */
function draft(given: Sample, stem: string, file: string, options: InitOptions) {
  const first = findRoles(given, file, options);
  const totals = totalsOf(given, first);
  const sums = new Set(totals);
  const idAt = given.header.indexOf(first.id?.profile.header ?? "");
  const sample =
    sums.size === 0 ? given : { ...given, rows: given.rows.filter((row) => !sums.has(row[idAt]?.trim() ?? "")) };
  const roles = sums.size === 0 ? first : withoutTotals(findRoles(sample, file, options), sums);
  const plain = stem
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const draftNames = { model: plain.slice(0, 60) || "model", file };
  return {
    ...{ roles, totals },
    ...{ model: draftModelConfig(roles, draftNames), mapping: draftMapping(sample, roles, draftNames) },
  };
}

/** Adds the texts of sums to the values of the id that are read as not known. */
function withoutTotals(roles: Roles, sums: ReadonlySet<string>): Roles {
  const { id } = roles;
  if (id === null) return roles;
  const { profile } = id;
  const marked = { ...id, profile: { ...profile, nullValues: [...new Set([...profile.nullValues, ...sums])] } };
  return { ...roles, id: marked, columns: roles.columns.map((column) => (column === id ? marked : column)) };
}

function findRoles(sample: Sample, file: string, options: InitOptions): Roles {
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
    throw new UsageError(
      `${file} has no column that can be a feature: ${roles.columns.map(usedText).slice(0, MAX_LISTED).join(", ")}`,
    );
  return roles;
}

const MAX_LISTED = 10;
/** Number of characters of the name of a column that are shown. */
const MAX_HEADER = 60;
/** What the columns are that become no feature. */
const USES: Readonly<Partial<Record<Roles["columns"][number]["role"], string>>> = {
  label: "the label",
  id: "the id of the supplier",
  name: "the name of the supplier",
  as_of: "the date",
  text: "a text, which needs a feature beside it",
};

const usedText = ({ profile, role, reason }: Roles["columns"][number]): string =>
  `${shortHeader(profile.header)} (${USES[role] ?? reason})`;

const shortHeader = (header: string): string =>
  header === "" ? '""' : header.length > MAX_HEADER ? `${[...header].slice(0, MAX_HEADER).join("")}…` : header;

const leftOutText = (columns: Roles["columns"]): string =>
  columns
    .filter(({ role }) => role === "left out")
    .map(usedText)
    .slice(0, MAX_LISTED)
    .join(", ");

/** Maximum number of texts of a column that are listed as not known. */
const MAX_WORDS = 5;

/** Says which texts the draft reads as not known, by column. */
function notKnownLines({ columns }: Roles): string[] {
  const found = columns.filter(({ role, profile }) => role !== "left out" && role !== "label" && hasNulls(profile));
  if (found.length === 0) return [];
  const shown = found.slice(0, MAX_LISTED).map(({ profile: { header, nullValues, nullPatterns } }) => {
    const words = [...nullValues.map((word) => JSON.stringify(word)), ...nullPatterns.map((text) => `/${text}/`)];
    const more = words.length - MAX_WORDS;
    return `${header}: ${words.slice(0, MAX_WORDS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  });
  const more = found.length - shown.length;
  return [
    `read as not known (null_values and null_patterns): ${shown.join("; ")}${more > 0 ? `; and ${countText(more, "more column")}` : ""}`,
  ];
}

const hasNulls = ({ nullValues, nullPatterns }: Roles["columns"][number]["profile"]): boolean =>
  nullValues.length + nullPatterns.length > 0;

/** Names of a row with the sums of a table, in English and German. */
const TOTALS = /^(?:(?:grand |sub)?totals?|sum|summe|zwischensumme|gesamt|gesamtsumme|insgesamt)\s*:?$/i;

/** Returns the ids of the rows of the sample that are sums and no suppliers, one of each row. */
function totalsOf({ header, rows }: Sample, { id }: Roles): readonly string[] {
  if (id === null) return [];
  const at = header.indexOf(id.profile.header);
  return rows.map((row) => row[at]?.trim() ?? "").filter((text) => TOTALS.test(text));
}

function totalsWarnings(totals: readonly string[], { id }: Roles): string[] {
  const [first] = totals;
  if (id === null || first === undefined) return [];
  const isOne = totals.length === 1;
  return [
    `${countText(totals.length, "row")} with the ${id.profile.header} ${JSON.stringify(first)} ${isOne ? "looks like a sum" : "look like sums"} and not like a supplier; the draft rejects ${isOne ? "it" : "them"} (null_values of ${id.name})`,
  ];
}

/** What the drafts made of the whole file. */
interface TriedDraft {
  readonly table: DraftRows;
  readonly rowsText: string;
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  /** Fields of the result under --json. */
  readonly json: object;
}

/** Reads the whole file with the drafts, before they are written. */
async function tryDraft(file: string, pair: ConfigPair, context: CliContext): Promise<TriedDraft> {
  if (pair.mapping.label === null) return await tryUnlabelled(file, pair, context);
  const { model, mapping } = pair;
  const data = await readTrainingTable({
    ...{ model, mapping, dataDir: path.dirname(file), checksFuture: true },
    limits: ingestLimits(readEnv(context.env, INGEST_ENV)),
  });
  const { table, rejected, unlabelled } = data;
  const positives = table.labels?.reduce((sum, label) => sum + label, 0) ?? 0;
  return {
    table,
    rowsText: `rows: ${table.rows} mapped, ${positives} with the risk, ${rejected.count} rejected, ${unlabelled} without a label`,
    lines: rejectedLines(data),
    warnings: [
      ...data.warnings,
      ...(table.labels === null ? [] : leakWarnings(table, table.labels, Uint32Array.from(table.labels.keys()))),
    ],
    json: { rows: table.rows, positives, rejected, unlabelled },
  };
}

async function tryUnlabelled(file: string, pair: ConfigPair, context: CliContext): Promise<TriedDraft> {
  const { table, snapshot } = await readUnlabelled(pair, file, context);
  const { rows, rejected } = snapshot;
  return {
    table,
    rowsText: `rows: ${rows} mapped, ${rejected.count} rejected; no label`,
    lines: rejectedLines(snapshot),
    warnings: [],
    json: { rows, positives: null, rejected, unlabelled: rows },
  };
}

function noDateText({ dateCandidates, rowsPerId }: Roles): string {
  if (dateCandidates.length === 0) return "none; set it with --date";
  const options = dateCandidates.slice(0, MAX_LISTED).map(({ profile }) => `--date ${shellWord(profile.header)}`);
  return `none, and ids repeat (${rowsPerId.toFixed(1)} rows of an id on average): name the column with the date of the row: ${options.join(" or ")}`;
}

function summaryLines(sample: Sample, roles: Roles): string[] {
  const { columns, id, asOf, label } = roles;
  const count = (role: string): number => columns.filter((column) => column.role === role).length;
  const shown = sample.delimiter === "\t" ? "tab" : sample.delimiter;
  const form = sample.format === "parquet" ? "Parquet" : `CSV, ${sample.encoding}, delimiter ${shown}`;
  const skipped =
    sample.skipLines === 0
      ? ""
      : `, ${countText(sample.skipLines, "line")} above the column names (skip_lines: ${sample.skipLines})`;
  return [
    `read: ${form}${skipped}, ${countText(sample.header.length, "column")}, a sample of ${countText(sample.rows.length, "row")}${sample.isWhole ? ", which is the whole file" : ""}`,
    label === null
      ? "label: none, so no model can be trained yet; set it with --label"
      : `label: ${label.column.profile.header}, risk ${label.riskClass} (${(100 * label.rate).toFixed(1)} % of the rows)${label.isGuess ? ", which is a guess; set it with --risk" : ""}`,
    `supplier: ${id === null ? "no column identifies the rows, so they are numbered; set it with --id" : id.profile.header}; name: ${columns.find(({ role }) => role === "name")?.profile.header ?? "none, so the id is shown"}; date: ${asOf === null ? noDateText(roles) : asOf.profile.header}`,
    `features: ${count("numeric")} numbers, ${countText(count("category"), "category", "categories")}, ${countText(count("text"), "text")}; ${countText(count("left out"), "column")} left out${count("left out") === 0 ? "" : `: ${leftOutText(columns)} (types and marks of numbers: docs/mapping.md)`}`,
  ];
}

/** Returns a path relative to the working directory when it is below it, else the absolute one. */
function shownPath(cwd: string, name: string): string {
  const relative = path.relative(cwd, name) || ".";
  return relative === ".." || relative.startsWith(`..${path.sep}`) ? name : relative;
}
