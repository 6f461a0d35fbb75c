import { randomUUID } from "node:crypto";
import path from "node:path";
import { ConfigError } from "@bellwether/config/config-error";
import { DEFAULT_OUTCOME_MAPPING, type OutcomeMapping, parseOutcomeMapping } from "@bellwether/config/outcome-mapping";
import { readYaml } from "@bellwether/config/yaml-file";
import { OutcomeSource, OutcomeValue, type OutcomeViolation } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeConflict, OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { SourceError } from "@bellwether/ingest/ingest-errors";
import { countText } from "@bellwether/reasons/count-text";
import { Command, Option } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoDate, isoWeek, uuid, wholeNumber } from "../input/parse-option.ts";
import { importOutcomes, type OutcomeImport, SOURCES } from "../outcomes/import-outcomes.ts";
import { outcomeJson, outcomeLine, reviewJson, reviewLine } from "../outcomes/outcome-text.ts";
import { createReport, type Report } from "../output/report.ts";
import { inCommandWords, withCommandNames } from "../remote/command-words.ts";
import { openOps } from "../remote/ops-client.ts";
import { defaultUrlText, OPS_PEER } from "../remote/peer-url.ts";

const JSON_FLAG = ["--json", "print the result as one line of JSON"] as const;
const OPS_FLAG = ["--ops <url>", `gRPC URL of ops-service (${defaultUrlText(OPS_PEER)})`] as const;
const MODEL_FLAG = [
  "--model <name>",
  "model that the outcomes are about (default: the default model of ops-service)",
] as const;
/** Number of violations that are printed as text. */
const SHOWN_VIOLATIONS = 20;
const MAX_LISTED = 10_000;
const PAGE = 1_000;

/** `bellwether outcomes` */
export function outcomesCommand(context: CliContext): Command {
  const outcomes = new Command("outcomes").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The role analyst may import, record and correct;\nthe role viewer may list.\n\nExamples:\n  npx bellwether outcomes import events.csv --dry-run\n  npx bellwether outcomes reviews\n  npx bellwether outcomes record S_00001 --week 2026-W10 --not-occurred --review\n  npx bellwether outcomes list --supplier S_00001 --all",
  );
  const commands = [
    importCommand(context),
    recordCommand(context),
    correctCommand(context),
    listCommand(context),
    reviewsCommand(context),
  ];
  for (const command of commands) outcomes.addCommand(command.copyInheritedSettings(outcomes).exitOverride());
  return outcomes;
}

function importCommand(context: CliContext): Command {
  return new Command("import")
    .description(
      "Record the outcomes of a file: what happened to suppliers after they were scored. Invalid rows are rejected with line, value and reason; the other rows are stored.",
    )
    .argument("<file>", "CSV or Parquet file with one event or outcome in each row")
    .option(
      "--mapping <file>",
      "YAML file with the names and formats of the columns (docs/outcomes.md; default: the columns below)",
    )
    .option("--dry-run", "report what would be recorded, and store nothing")
    .option(
      "--correct",
      "replace a stored outcome if a row contradicts the outcome or has another known_on or note; by default, a row that contradicts an outcome or has another known_on is rejected, and a stored note is kept",
    )
    .addOption(
      new Option("--source <source>", "where the outcomes come from: file, or review for answers about a review sample")
        .choices(Object.keys(SOURCES))
        .default("file"),
    )
    .option(...MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nColumns without --mapping:" +
        "\n- supplier_id or prediction_id" +
        "\n- happened_on (for example 2026-03-01) or iso_week (for example 2026-W10)" +
        "\n- known_on (for example 2026-03-20), note: both optional" +
        "\n- occurred: true or false; optional if happened_on is set (then true)" +
        "\nExit code 1 if a row is rejected; the other rows are stored. Exit code 2 if the file or the mapping cannot be read; no row is stored.\n\nExamples:\n  npx bellwether outcomes import events.csv --dry-run" +
        "\n  npx bellwether outcomes import insolvencies.csv --mapping outcome_mapping.yaml --json",
    )
    .action(async (file, options) => {
      const report = createReport(options);
      const mapping =
        options.mapping === undefined
          ? DEFAULT_OUTCOME_MAPPING
          : await readMapping(path.resolve(context.cwd, options.mapping));
      using ops = openOps(context, options.ops, OutcomeService);
      const result = await importOutcomes(
        path.resolve(context.cwd, file),
        {
          ...{ mapping, modelName: options.model ?? "", corrects: options.correct === true },
          ...{ source: options.source === "review" ? SOURCES.review : SOURCES.file, isDryRun: options.dryRun === true },
        },
        (request) => ops.answer(ops.client.recordOutcomes(request)),
      ).catch((error: unknown) => {
        throw error instanceof SourceError ? new UsageError(error.message, { cause: error }) : error;
      });
      reportImport(report, result, options.dryRun === true);
    });
}

function reportImport(report: Report, result: OutcomeImport, isDryRun: boolean): void {
  const { rows, recorded, corrected, unchanged, keptNotes, rejected, unread, violations, violationCount } = result;
  const { modelName, horizonDays } = result;
  for (const { line, column, reason, text } of unread.samples)
    report.line(`line ${line ?? "unknown"}${column === null ? "" : `, ${column}`}: ${JSON.stringify(text)} ${reason}`);
  for (const { line, field, value, reason } of violations.slice(0, SHOWN_VIOLATIONS))
    report.line(`line ${line ?? "unknown"}, ${field}: ${JSON.stringify(value)} ${withCommandNames(reason)}`);
  if (violationCount > SHOWN_VIOLATIONS)
    report.line(`and ${violationCount - SHOWN_VIOLATIONS} more (--json lists ${violations.length})`);
  for (const note of result.report.notes) report.line(note);
  if (keptNotes > 0)
    report.line(
      `${countText(keptNotes, "note is", "notes are")} not stored, because the stored outcome has another one (--correct replaces it)`,
    );
  const about = modelName === "" ? "" : ` about ${modelName}, ${horizonDays} days after each week`;
  const ending = isDryRun ? "; nothing is stored (--dry-run)" : "";
  report.line(
    `${countText(rows, "row")}: ${recorded} recorded, ${corrected} corrected, ${unchanged} unchanged, ${rejected} rejected${about}${ending}`,
  );
  report.json({
    ...{ dry_run: isDryRun, model: modelName, horizon_days: horizonDays },
    ...{ rows, recorded, corrected, unchanged, kept_notes: keptNotes, rejected },
    unread: { rows: unread.count, reasons: unread.reasons, samples: unread.samples },
    violations: violations.map(({ supplierId, ...violation }) => ({ ...violation, supplier_id: supplierId })),
    violation_count: violationCount,
  });
  if (rejected > 0) process.exitCode = 1;
}

/** Reads --mapping. @throws UsageError with all violations of the file */
async function readMapping(file: string): Promise<OutcomeMapping> {
  try {
    return parseOutcomeMapping(await readYaml(file));
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message, { cause: error }) : error;
  }
}

function recordCommand(context: CliContext): Command {
  return new Command("record")
    .description(
      "Record one outcome. It is about a supplier in a week (--week), a supplier on a day (--happened-on), or a prediction (--prediction).",
    )
    .argument("[supplier-id]", "id of the supplier in the weekly file; not needed with --prediction")
    .option("--week <week>", "ISO week of the score that the outcome is about, for example 2026-W10", isoWeek)
    .option(
      "--prediction <id>",
      "prediction_id of the score that the outcome is about; its supplier must be in a weekly file or in the master data",
      uuid("predict --url URL --json"),
    )
    .option("--happened-on <day>", "day on which the risk occurred, for example 2026-03-01", isoDate)
    .option("--not-occurred", "the risk did not occur (default: the risk occurred)")
    .option(
      "--known-on <day>",
      "day from which the outcome was known, for example 2026-03-20 (default: today)",
      isoDate,
    )
    .option("--review", "the supplier is in the review sample, and a person has checked it")
    .option("--correct", "replace a stored outcome that contradicts this outcome or has another known-on day or note")
    .option("--note <text>", "a reason or a reference, at most 1000 bytes")
    .option(...MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether outcomes record S_00001 --happened-on 2026-03-01 --note 'insolvency notice'",
    )
    .action(async (supplierId, options) => {
      if (supplierId === undefined && options.prediction === undefined)
        throw new UsageError("name a supplier, or a prediction with --prediction");
      if (options.week === undefined && options.prediction === undefined && options.happenedOn === undefined)
        throw new UsageError("say what the outcome is about: --week, --happened-on or --prediction");
      if (options.notOccurred && options.happenedOn !== undefined)
        throw new UsageError("--happened-on is the day on which the risk occurred: omit it, or omit --not-occurred");
      const report = createReport(options);
      using ops = openOps(context, options.ops, OutcomeService);
      const row = {
        ...{ supplierId: supplierId ?? "", predictionId: options.prediction ?? "", isoWeek: options.week ?? "" },
        ...{ happenedOn: options.happenedOn ?? "", knownOn: options.knownOn ?? "", note: options.note ?? "" },
        value: options.notOccurred ? OutcomeValue.NOT_OCCURRED : OutcomeValue.OCCURRED,
      };
      const answer = await ops.answer(
        ops.client.recordOutcomes({
          ...{ requestId: randomUUID(), modelName: options.model ?? "", rows: [row] },
          source: options.review ? OutcomeSource.REVIEW : OutcomeSource.CALL,
          onConflict: options.correct ? OutcomeConflict.CORRECT : OutcomeConflict.REJECT,
        }),
      );
      const { recorded, corrected, unchanged, keptNotes, rejected, violations, modelName } = answer;
      const kept = keptNotes > 0 ? " with another note, which is kept (--correct replaces it)" : "";
      if (rejected === 0)
        report.line(
          `${corrected > 0 ? "corrected" : recorded > 0 ? "recorded" : `unchanged: the same outcome was recorded before${kept}`}, about ${modelName}`,
        );
      report.json({
        ...{ model: modelName, recorded, corrected, unchanged, kept_notes: keptNotes, rejected },
        violations: violations.map(({ field, value, reason }) => ({ field, value, reason })),
      });
      if (rejected > 0) throw new ReportedError(violations.map(violationText).join("; "));
    });
}

/** What the fields of a row are called in the command; other fields have the same name. */
const OPTION_OF: Readonly<Record<string, string>> = {
  supplier_id: "supplier id",
  prediction_id: "--prediction",
  iso_week: "--week",
  happened_on: "--happened-on",
  known_on: "--known-on",
  note: "--note",
};

function violationText({ field, value, reason }: OutcomeViolation): string {
  const text = inCommandWords(reason).replace(/\bhappened_on\b/g, "--happened-on");
  // The value of the outcome is an option without a value of its own.
  if (field === "value") return `the outcome ${value.toLowerCase().replaceAll("_", " ")} ${text}`;
  return `${OPTION_OF[field] ?? field}: ${JSON.stringify(value)} ${text}`;
}

function correctCommand(context: CliContext): Command {
  return new Command("correct")
    .description("Replace one outcome, or withdraw it. The replaced outcome stays in the list (list --all).")
    .argument("<outcome-id>", "id of the outcome", uuid("outcomes list"))
    .requiredOption("--reason <text>", "reason (required)")
    .addOption(new Option("--value <value>", "the correct value").choices(["occurred", "not-occurred"]))
    .option("--happened-on <day>", "day on which the risk occurred, for example 2026-03-01", isoDate)
    .option(
      "--known-on <day>",
      "day from which the outcome was known, for example 2026-03-20 (default: today)",
      isoDate,
    )
    .option("--withdraw", "the outcome does not count any more, and nothing replaces it")
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether outcomes correct 0b6c… --value not-occurred --reason 'another company of that name'",
    )
    .action(async (outcomeId, options) => {
      if ((options.value === undefined) === (options.withdraw === undefined))
        throw new UsageError("give either --value or --withdraw");
      const report = createReport(options);
      using ops = openOps(context, options.ops, OutcomeService);
      const value = options.value === "occurred" ? OutcomeValue.OCCURRED : OutcomeValue.NOT_OCCURRED;
      const corrected = { value, happenedOn: options.happenedOn ?? "", knownOn: options.knownOn ?? "" };
      const { outcome } = await ops.answer(
        ops.client.correctOutcome({
          ...{ outcomeId, reason: options.reason },
          ...(options.value !== undefined && { outcome: corrected }),
        }),
      );
      if (outcome) report.line(outcomeLine(outcome));
      report.json({ outcome: outcome ? outcomeJson(outcome) : null });
    });
}

function listCommand(context: CliContext): Command {
  return new Command("list")
    .description("List outcomes, newest first.")
    .option("--supplier <id>", "only outcomes of this supplier")
    .option("--all", "also outcomes that were replaced or withdrawn")
    .option("--limit <count>", `maximum number of outcomes, 1 to ${MAX_LISTED}`, wholeNumber(1, MAX_LISTED), 100)
    .option(...MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether outcomes list --supplier S_00001 --all")
    .action(async (options) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, OutcomeService);
      const filter = {
        ...{
          modelName: options.model ?? "",
          supplierId: options.supplier ?? "",
          includeReplaced: options.all === true,
        },
      };
      const found = [];
      for (let pageToken = ""; ; ) {
        const pageSize = Math.min(PAGE, options.limit);
        const page = await ops.answer(ops.client.listOutcomes({ ...filter, pageSize, pageToken }));
        found.push(...page.outcomes);
        pageToken = page.nextPageToken;
        if (pageToken === "" || found.length >= options.limit) break;
      }
      const outcomes = found.slice(0, options.limit);
      for (const outcome of outcomes) report.line(outcomeLine(outcome));
      if (outcomes.length === 0) report.line("no outcome is recorded");
      report.json({ outcomes: outcomes.map(outcomeJson) });
    });
}

function reviewsCommand(context: CliContext): Command {
  return new Command("reviews")
    .description(
      "List the review sample of a week: random suppliers without an alert. Check each supplier, and record the result with outcomes record --review.",
    )
    .option("--week <week>", "ISO week (default: the latest complete week)", isoWeek)
    .option("--open", "only suppliers without a recorded outcome")
    .option(...MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText("after", "\nExample:\n  npx bellwether outcomes reviews --open")
    .action(async (options) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, OutcomeService);
      const { reviews, modelName, isoWeek, frame, seed } = await ops.answer(
        ops.client.listReviews({
          modelName: options.model ?? "",
          isoWeek: options.week ?? "",
          openOnly: options.open === true,
        }),
      );
      for (const review of reviews) report.line(reviewLine(review));
      report.line(
        isoWeek === ""
          ? "no weekly run is complete"
          : frame === 0n
            ? `${isoWeek} has no review sample`
            : `${isoWeek}: ${countText(reviews.length, "supplier")} of ${frame} without an alert (${modelName}, seed ${seed})`,
      );
      report.json({
        ...{ model: modelName, iso_week: isoWeek, frame: Number(frame), seed: Number(seed) },
        reviews: reviews.map(reviewJson),
      });
    });
}
