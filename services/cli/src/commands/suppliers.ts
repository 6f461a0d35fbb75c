import path from "node:path";
import { OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command, InvalidArgumentError, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { printable } from "../output/printable.ts";
import { createReport, type Report, showProgress } from "../output/report.ts";
import { checkTargetFile } from "../output/target-folder.ts";
import { JSON_FLAG, OPS_FLAG, OPS_MODEL_FLAG } from "../remote/shared-options.ts";
import { changeScoreCommand, explainScoreCommand } from "../suppliers/explain-commands.ts";
import { exportMasterData } from "../suppliers/export-master-data.ts";
import { externalScoreJson } from "../suppliers/external-score-text.ts";
import { type FileReport, importFile } from "../suppliers/import-master-data.ts";
import { importScoresCommand } from "../suppliers/import-scores-command.ts";
import { duplicatesCommand, mergeCommand, unmergeCommand } from "../suppliers/merge-commands.ts";
import { openSuppliers, type SupplierClient } from "../suppliers/supplier-client.ts";
import { bandWord, scoreJson, supplierJson, supplierLine, supplierLines } from "../suppliers/supplier-text.ts";
import { listSuppliersCommand } from "./list-suppliers.ts";
import { supplierCounterfactualCommand } from "./supplier-counterfactual.ts";

const CONFLICTS = { stop: OnConflict.STOP, skip: OnConflict.SKIP, update: OnConflict.UPDATE } as const;
/** Number of violations that are printed as text. */
const SHOWN_VIOLATIONS = 20;
/** Number of created and changed suppliers that a dry run prints as text. */
const SHOWN_CHANGES = 50;

/** `bellwether suppliers` */
export function suppliersCommand(context: CliContext): Command {
  const suppliers = new Command("suppliers").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The role analyst may import, merge and\ndismiss duplicates; the role viewer may use all other commands.\n\nExamples:\n  npx bellwether suppliers search 'muller stahl'\n  npx bellwether suppliers list --band high\n  npx bellwether suppliers show S_00001\n  npx bellwether suppliers change S_00001\n  npx bellwether suppliers counterfactual S_00922\n  npx bellwether suppliers import master-data.csv --dry-run\n  npx bellwether suppliers export master-data.csv\n  npx bellwether suppliers duplicates\n  npx bellwether suppliers merge S_00001 S_00077",
  );
  const commands = [
    ...[searchCommand(context), listSuppliersCommand(context), showCommand(context)],
    ...[explainScoreCommand(context), changeScoreCommand(context), supplierCounterfactualCommand(context)],
    ...[importCommand(context), exportCommand(context), importScoresCommand(context)],
    ...[duplicatesCommand(context), mergeCommand(context), unmergeCommand(context)],
  ];
  for (const command of commands) suppliers.addCommand(command);
  return suppliers;
}

function searchCommand(context: CliContext): Command {
  return new Command("search")
    .description(
      "Find suppliers by name, id or identifier. Letter case and accents are ignored. If no name contains the query, similar names are shown.",
    )
    .argument("<query>", "a name, a part of a name, an id, or an identifier such as a VAT number")
    .option("--limit <count>", "maximum number of suppliers, 1 to 50", wholeNumber(1, 50), 20)
    .option(...OPS_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether suppliers search 'DE 123456789' --json")
    .action(async (query, options) => {
      const report = createReport(options);
      using client = openSuppliers(context, options.ops);
      const request = { query, limit: options.limit, modelName: options.model ?? "" };
      const { matches, truncated, modelName } = await client.answer(client.suppliers.searchSuppliers(request));
      for (const { supplier, mergedSupplierId } of matches)
        if (supplier)
          report.line(
            `${supplierLine(supplier)}${mergedSupplierId === "" ? "" : `  (found ${printable(mergedSupplierId)}, which is merged into it)`}`,
          );
      if (matches.length === 0) report.line("no supplier found");
      if (truncated) report.line("more suppliers match; write more of the name, or give --limit");
      const found = matches.flatMap(({ supplier }) => (supplier ? [supplierJson(supplier)] : []));
      report.json({ model: modelName, suppliers: found, truncated });
    });
}

function showCommand(context: CliContext): Command {
  return new Command("show")
    .description(
      "Show one supplier: its master data, its latest score with the reasons, and its scores of the latest weeks.",
    )
    .argument("<supplier-id>", "id of the supplier in the weekly file")
    .option("--weeks <count>", "maximum number of weeks, 1 to 260", wholeNumber(1, 260), 52)
    .option(...OPS_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether suppliers show S_00001")
    .action(async (supplierId, options) => {
      const report = createReport(options);
      using client = openSuppliers(context, options.ops);
      const request = { supplierId, historyWeeks: options.weeks, modelName: options.model ?? "" };
      const answer = await client.answer(client.suppliers.getSupplier(request));
      for (const line of supplierLines(answer)) report.line(line);
      report.json({
        model: answer.modelName,
        impact_formula: answer.impactFormula?.text ?? null,
        external_scores: answer.externalScores.map(externalScoreJson),
        supplier: answer.supplier ? supplierJson(answer.supplier) : null,
        merged_scores: answer.mergedScores.map((score) => ({
          supplier_id: score.scoredSupplierId,
          ...{ iso_week: score.isoWeek, risk_score: score.riskScore ?? null, band: bandWord(score.band) },
        })),
        history: answer.history.map((score) => {
          const { missing_features: _missing, reasons: _reasons, ...rest } = scoreJson(score);
          return rest;
        }),
      });
    });
}

function importCommand(context: CliContext): Command {
  return new Command("import")
    .description(
      "Import master data of suppliers from a CSV file: names, regions, categories, exposures, criticalities, owners and identifiers. A weekly run does not overwrite these values.",
    )
    .argument("<file>", "CSV file in UTF-8; its first line has the names of the columns")
    .option("--dry-run", "list the suppliers that would be created and updated, with the fields, and store nothing")
    .addOption(
      new Option(
        "--on-conflict <action>",
        "what to do if a supplier already has another value in the master data: stop (store nothing), skip (do not change the supplier) or update (store the new values)",
      )
        .choices(Object.keys(CONFLICTS))
        .default("stop"),
    )
    .option(
      "--delimiter <character>",
      "character between the cells: one ASCII character, or the word tab",
      delimiter,
      ",",
    )
    .option("--empty-clears", "an empty cell removes the stored value; by default, the stored value does not change")
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nColumns: supplier_id (required), name, region, category, exposure, currency, criticality (low, normal, high, critical), owner," +
        "\nand one column for each kind of identifier, for example identifier_vat. Fields without a column do not change." +
        "\nidentifier_lei, identifier_duns and identifier_vat are checked. shared_identifiers: kinds that other suppliers may have too, for example vat." +
        "\nExit code 1 if a row is rejected (the other rows are stored), or if a conflict stops the import (no row is stored)." +
        "\n\nExamples:\n  npx bellwether suppliers import master-data.csv --dry-run" +
        "\n  npx bellwether suppliers import master-data.csv --on-conflict update --json",
    )
    .action(async (file, options) => {
      const report = createReport(options);
      using client = openSuppliers(context, options.ops);
      const result = await importFile(
        path.resolve(context.cwd, file),
        {
          delimiter: options.delimiter,
          isDryRun: options.dryRun === true,
          onConflict: conflictOf(options.onConflict),
          emptyClears: options.emptyClears === true,
        },
        (request) => client.answer(client.suppliers.importSuppliers(request)),
        (rows, total) => showProgress(options.dryRun ? "checking" : "importing", rows, total),
      );
      reportImport(report, result, options);
    });
}

function conflictOf(name: string): OnConflict {
  return name === "skip" ? CONFLICTS.skip : name === "update" ? CONFLICTS.update : CONFLICTS.stop;
}

function delimiter(text: string): string {
  if (text === "tab" || text === "\\t") return "\t";
  if (!/^[\x20-\x7e\t]$/.test(text) || text === '"' || text === "\n")
    throw new InvalidArgumentError('expected one ASCII character other than ", or tab');
  return text;
}

function reportImport(
  report: Report,
  result: FileReport,
  { dryRun = false, onConflict }: { readonly dryRun?: boolean; readonly onConflict: string },
): void {
  const { violations, violationCount, isStopped, changes, mergedRows, ...counts } = result;
  if (dryRun) reportChanges(report, result);
  for (const { line, field, value, reason } of violations.slice(0, SHOWN_VIOLATIONS))
    report.line(`line ${line}${field === "" ? "" : `, ${field}`}: ${JSON.stringify(value)} ${reason}`);
  if (violationCount > SHOWN_VIOLATIONS)
    report.line(`and ${violationCount - SHOWN_VIOLATIONS} more (--json lists ${violations.length})`);
  const { rows, created, updated, unchanged, skipped, rejected } = counts;
  const summary = `${countText(rows, "row")}: ${created} created, ${updated} updated, ${unchanged} unchanged, ${skipped} skipped, ${rejected} rejected`;
  const ending = isStopped
    ? "; nothing is stored, because master data already has other values (--on-conflict skip or update)"
    : dryRun
      ? "; nothing is stored (--dry-run)"
      : "";
  report.line(`${summary}${ending}`);
  if (mergedRows > 0)
    report.line(
      `${countText(mergedRows, "row")} about merged suppliers: the values are those of the merged supplier, not of the survivor`,
    );
  report.json({
    dry_run: dryRun,
    on_conflict: onConflict,
    ...counts,
    merged_rows: mergedRows,
    stopped: isStopped,
    violations: violations.map(({ supplierId, ...violation }) => ({ ...violation, supplier_id: supplierId })),
    violation_count: violationCount,
    ...(dryRun && {
      changes: changes.map(({ line, supplierId, isCreated, fields }) => ({
        ...{ line, supplier_id: supplierId, action: isCreated ? "create" : "update", fields },
      })),
      change_count: counts.created + counts.updated,
    }),
  });
  if (rejected > 0 || isStopped) process.exitCode = 1;
}

/** Prints the suppliers that an import would create or change. */
function reportChanges(report: Report, { changes, created, updated }: FileReport): void {
  for (const { line, supplierId, isCreated, fields } of changes.slice(0, SHOWN_CHANGES))
    report.line(
      `line ${line}: would ${isCreated ? "create" : "update"} ${printable(supplierId)}: ${fields.length === 0 ? "without values" : fields.join(", ")}`,
    );
  const rest = created + updated - Math.min(changes.length, SHOWN_CHANGES);
  if (rest > 0) report.line(`and ${rest} more (--json lists ${changes.length})`);
}

function exportCommand(context: CliContext): Command {
  return new Command("export")
    .description(
      "Write the master data of all suppliers as CSV, in the form that import reads. Values that come from the weekly file are not written. An import of the written file therefore changes nothing. A text that a spreadsheet program would read as a formula gets a leading apostrophe; import removes the apostrophe.",
    )
    .argument("<file>", 'file to write, or "-" for standard output')
    .option(
      "--all",
      "also write values that come from the weekly file; an import of the written file makes them master data",
    )
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether suppliers export master-data.csv\n  npx bellwether suppliers export - | head",
    )
    .action(async (file, options) => {
      if (file === "-" && options.json)
        throw new UsageError("--json and standard output (-) exclude each other; name a file");
      const report = createReport(options);
      const target = file === "-" ? file : path.resolve(context.cwd, file);
      if (target !== "-") await checkTargetFile("FILE", target);
      using client = openSuppliers(context, options.ops);
      const rows = await exportMasterData(target, {
        readPages: () => masterDataPages(client),
        withWeekly: options.all === true,
      });
      if (target !== "-") report.line(`${countText(rows, "supplier")} written to ${file}`);
      report.json({ file: target, suppliers: rows });
    });
}

async function* masterDataPages({ suppliers, answer }: SupplierClient) {
  for (let pageToken = ""; ; ) {
    const page = await answer(suppliers.listMasterData({ pageToken }));
    yield page.suppliers;
    pageToken = page.nextPageToken;
    if (pageToken === "") return;
  }
}
