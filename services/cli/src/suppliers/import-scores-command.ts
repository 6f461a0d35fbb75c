import path from "node:path";
import { ExternalScoreService } from "@bellwether/gen/bellwether/ops/v1/external_score_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { printable } from "../output/printable.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";
import { importScoreFile } from "./import-scores.ts";

const TIMEOUT_MS = 30_000;
/** Number of rejected rows that are printed; --json has more. */
const SHOWN_LINES = 20;

interface ImportScoresOptions extends OpsOptions {
  readonly source: string;
  readonly dryRun?: boolean;
  readonly replace?: boolean;
}

/** `bellwether suppliers import-scores` */
export function importScoresCommand(context: CliContext): Command {
  return withOps(new Command("import-scores"))
    .description(
      "Import scores that others computed about suppliers, such as ratings, from a CSV file. They are shown beside the risk score and change no score, alert or order.",
    )
    .argument(
      "<file>",
      "CSV file in UTF-8 with the columns supplier_id, score and as_of (a day, for example 2026-06-30)",
    )
    .requiredOption("--source <name>", "name of the source in external_scores of risk_policy.yaml (required)")
    .option("--dry-run", "say what would be stored, and store nothing")
    .option("--replace", "replace a stored score of the same supplier and day; by default, such a row is rejected")
    .addHelpText(
      "after",
      "\nThe role analyst is needed. Exit code 1 if a row is rejected; the other rows are stored." +
        "\n\nExample:\n  npx bellwether suppliers import-scores ratings.csv --source ecovadis --dry-run",
    )
    .action(async (file: string, options: ImportScoresOptions) => {
      const report = createReport(options);
      using ops = openOps(context, options.ops, ExternalScoreService);
      const isDryRun = options.dryRun ?? false;
      const { lines, ...counts } = await importScoreFile(
        path.resolve(context.cwd, file),
        { source: options.source, delimiter: ",", isDryRun, replaces: options.replace ?? false },
        (request) => ops.answer(ops.client.importExternalScores(request, { timeoutMs: TIMEOUT_MS })),
      );
      for (const { line, supplierId, message } of lines.slice(0, SHOWN_LINES))
        report.line(`line ${line}, ${printable(supplierId)}: ${printable(message)}`);
      if (counts.rejected > SHOWN_LINES)
        report.line(`and ${counts.rejected - SHOWN_LINES} more (--json lists ${lines.length})`);
      const { rows, stored, unchanged, replaced, rejected } = counts;
      const ending = isDryRun ? "; nothing is stored (--dry-run)" : "";
      report.line(
        `${countText(rows, "row")}: ${stored} stored, ${unchanged} unchanged, ${replaced} replaced, ${rejected} rejected${ending}`,
      );
      const shown = lines.map(({ supplierId, ...one }) => ({ supplier_id: supplierId, ...one }));
      report.json({ source: options.source, dry_run: isDryRun, ...counts, rejected_rows: shown });
      if (rejected > 0) process.exitCode = 1;
    });
}
