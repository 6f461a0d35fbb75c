import path from "node:path";
import type { Alert } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import { type FilterOptions, filterRequest, withFilters } from "../alerts/alert-filters.ts";
import { alertJson, eventJson } from "../alerts/alert-json.ts";
import { MAX_COUNTED, openAlerts, readAlerts } from "../alerts/alert-pages.ts";
import { alertLines, alertTable, changedModelLine } from "../alerts/alert-text.ts";
import { backtestCommand } from "../alerts/backtest-command.ts";
import { writeAlerts } from "../alerts/export-alerts.ts";
import { findAlerts } from "../alerts/find-alerts.ts";
import { unknownConditions } from "../alerts/unknown-conditions.ts";
import type { CliContext } from "../context/cli-context.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { printable } from "../output/printable.ts";
import { createReport, showProgress } from "../output/report.ts";
import { checkTargetFile } from "../output/target-folder.ts";
import { writeWholeFile } from "../output/whole-file.ts";
import { openOps } from "../remote/ops-client.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";
import { alertActionCommands } from "./alert-actions.ts";

/** `bellwether alerts` */
export function alertsCommand(context: CliContext): Command {
  const alerts = new Command("alerts").addHelpText(
    "after",
    "\nThe commands call ops-service with the token or API key in BELLWETHER_TOKEN_FILE. The role viewer may list, show" +
      "\nand export alerts; the role analyst may also change them. Name an alert by its id or by at least the first 8 characters of the id." +
      "\n\nExamples:\n  npx bellwether alerts list --mine --order impact\n  npx bellwether alerts show 0190f3c0" +
      "\n  npx bellwether alerts acknowledge 0190f3c0 7b2e91aa --note 'called them'" +
      "\n  npx bellwether alerts resolve 0190f3c0 --disposition accepted --until 2027-03-31" +
      "\n  npx bellwether alerts export alerts.csv --state all" +
      "\n  npx bellwether alerts backtest --rules draft.yaml --from 2026-W01",
  );
  const commands = [
    listCommand(context),
    showCommand(context),
    ...alertActionCommands(context),
    exportCommand(context),
    backtestCommand(context),
  ];
  for (const command of commands) alerts.addCommand(command);
  return alerts;
}

function listCommand(context: CliContext): Command {
  return withOps(withFilters(new Command("list")))
    .description("List alerts.")
    .option("--limit <count>", "maximum number of alerts, 1 to 10000", wholeNumber(1, 10_000), 50)
    .addHelpText(
      "after",
      "\nAGE is the time since the alert was raised. CHANGE is the change of the score since the week before." +
        "\n\nExamples:\n  npx bellwether alerts list --severity critical --unowned" +
        "\n  npx bellwether alerts list --state open acknowledged --region EU --text stahl --limit 200" +
        "\n  npx bellwether alerts list --week 2026-W47 --order change --json",
    )
    .action(async (options: FilterOptions & OpsOptions & { limit: number }) => {
      const report = createReport(options);
      const request = await filterRequest(context, options);
      using client = openAlerts(context, options.ops);
      const alerts: Alert[] = [];
      let total = 0;
      for await (const page of readAlerts(client, request, options.limit)) {
        alerts.push(...page.alerts);
        total = page.total;
      }
      if (alerts.length === 0) {
        report.line("no alert found");
        for (const line of await unknownConditions(context, options)) console.error(`bellwether: ${printable(line)}`);
      } else for (const line of alertTable(alerts, Date.now())) report.line(line);
      const isMore = total > alerts.length;
      const counted = total > MAX_COUNTED ? `more than ${MAX_COUNTED}` : String(total);
      if (isMore) report.line(`${alerts.length} of ${counted} alerts; --limit shows more`);
      report.json({ alerts: alerts.map(alertJson), total: total > MAX_COUNTED ? null : total, truncated: isMore });
    });
}

function showCommand(context: CliContext): Command {
  return withOps(new Command("show"))
    .description("Show an alert with its reasons and its history.")
    .argument("<alert>", "id of the alert, or at least the first 8 characters of the id")
    .addHelpText("after", "\nExample:\n  npx bellwether alerts show 0190f3c0")
    .action(async (which: string, options: OpsOptions) => {
      const report = createReport(options);
      using client = openAlerts(context, options.ops);
      const [found] = await findAlerts(client, [which]);
      if (!found || "error" in found) throw new Error(found?.error ?? `no alert has the id ${which}`);
      const { alert, events } = await client.answer(client.client.getAlert({ alertId: found.alert.alertId }));
      if (!alert) throw new Error(`no alert has the id ${found.alert.alertId}`);
      const { supplierId, modelName } = alert;
      using suppliers = openOps(context, options.ops, SupplierService);
      const request = { supplierId, modelName, historyWeeks: 1 };
      // The alert is shown without its supplier, too: the supplier may have been merged into another.
      const scored = await suppliers.client.getSupplier(request).catch(() => undefined);
      const changed = changedModelLine(alert, scored?.supplier?.latestScore);
      for (const line of alertLines(alert, events, changed)) report.line(line);
      report.json({ ...alertJson(alert), history: events.map(eventJson) });
    });
}

function exportCommand(context: CliContext): Command {
  return withOps(withFilters(new Command("export")))
    .description(
      "Write all alerts that the options select as CSV (RFC 4180, UTF-8). With --json and without a file, the command writes one line of JSON. In CSV, a text that a spreadsheet program would read as a formula gets a leading apostrophe.",
    )
    .argument("[file]", 'file to write, or "-" for standard output', "-")
    .addHelpText(
      "after",
      "\nExamples:\n  npx bellwether alerts export alerts.csv --state all --week 2026-W47" +
        "\n  npx bellwether alerts export --mine --json | jq '.alerts[].supplier_id'",
    )
    .action(async (file: string, options: FilterOptions & OpsOptions) => {
      const target = file === "-" ? file : path.resolve(context.cwd, file);
      if (target !== "-") await checkTargetFile("FILE", target);
      const request = await filterRequest(context, options);
      using client = openAlerts(context, options.ops);
      const { alerts, expected } = await writeWholeFile(target, (out) =>
        writeAlerts(out, readAlerts(client, request), options.json && target === "-" ? "json" : "csv", (done, total) =>
          showProgress("exporting", done, total),
        ),
      );
      if (alerts === 0)
        for (const line of await unknownConditions(context, options)) console.error(`bellwether: ${printable(line)}`);
      if (expected !== null && expected !== alerts)
        console.error(
          `bellwether: alerts changed during the export: the list had ${expected} at its start, and ${alerts} were written; export again for one point in time`,
        );
      if (target !== "-") createReport({}).line(fileLine(file, alerts, options));
    });
}

/** The result of an export to a file: one line of text, or of JSON. */
function fileLine(file: string, alerts: number, { json }: OpsOptions): string {
  return json ? JSON.stringify({ file, alerts }) : `${countText(alerts, "alert")} written to ${file}`;
}
