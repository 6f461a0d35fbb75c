import { BAND_NUMBERS } from "@bellwether/contract/band-codes";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { type AlertEvent, AlertSeverity, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Command, Option } from "commander";
import { alertJson } from "../alerts/alert-json.ts";
import { type AlertClient, openAlerts } from "../alerts/alert-pages.ts";
import { alertDetails, alertLine, isAcceptedForWeeks } from "../alerts/alert-text.ts";
import { type Action, type Decided, decideAlerts, type Target } from "../alerts/decide-alerts.ts";
import { findAlerts } from "../alerts/find-alerts.ts";
import { InterruptedActionError } from "../alerts/interrupted-action-error.ts";
import { unknownOwnerWarning } from "../alerts/unknown-owner.ts";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { personName, wholeNumber } from "../input/parse-option.ts";
import { dayOrTime } from "../input/parse-time.ts";
import { printable } from "../output/printable.ts";
import { createReport, type Report } from "../output/report.ts";
import { type OpsOptions, withOps } from "../remote/shared-options.ts";

interface ActionOptions extends OpsOptions {
  readonly version?: number;
  readonly note?: string;
}

const DISPOSITIONS = {
  mitigated: Disposition.MITIGATED,
  accepted: Disposition.ACCEPTED,
  false_data: Disposition.FALSE_DATA,
  false_model: Disposition.FALSE_MODEL,
  duplicate: Disposition.DUPLICATE,
} as const;

const SEVERITIES = { warning: AlertSeverity.WARNING, critical: AlertSeverity.CRITICAL } as const;

/** Returns the subcommands of `bellwether alerts` that change alerts. */
export function alertActionCommands(context: CliContext): Command[] {
  const act = actionsOf(context);
  const note = [
    "--note <text>",
    "note for the history, at most 2000 bytes with at least one visible character",
  ] as const;
  return [
    actionCommand("acknowledge", "Record that you are working on alerts.", "0190f3c0 --note 'called them'")
      .option(...note)
      .action(act((options) => (target) => ({ case: "acknowledge", value: { ...target, note: options.note ?? "" } }))),
    actionCommand(
      "mitigate",
      "Record that somebody is reducing the risk of alerts.",
      "0190f3c0 --note 'second source ordered'",
    )
      .option(...note)
      .action(
        act((options) => (target) => ({ case: "startMitigation", value: { ...target, note: options.note ?? "" } })),
      ),
    assignCommand(act).option(...note),
    snoozeCommand(act).option(...note),
    resolveCommand(act).option(...note),
    overrideCommand(act),
    actionCommand("reopen", "Open resolved alerts again.", "0190f3c0 --note 'the delays are back'")
      .option(...note)
      .action(act((options) => (target) => ({ case: "reopen", value: { ...target, note: options.note ?? "" } }))),
    actionCommand("comment", "Add a comment to the history of alerts.", "0190f3c0 --text 'contract signed'")
      .requiredOption("--text <text>", "the comment, 1 to 2000 bytes (required)")
      .addHelpText(
        "after",
        "\nIf the same comment is sent again within 60 seconds, and the alert has no newer entry, it is stored once.",
      )
      .action(
        act(({ text }: ActionOptions & { text: string }) => (target) => ({
          ...{ case: "comment", value: { ...target, comment: text } },
        })),
      ),
    actionCommand(
      "undo",
      "Undo your last action on alerts, within 60 seconds. A comment cannot be undone.",
      "0190f3c0",
    ).action(act(() => (target) => ({ case: "undo", value: target }))),
  ];
}

/** Returns the function of a command that performs an action, which depends on the options. */
type Act = <O extends ActionOptions>(
  actionOf: (options: O, client: AlertClient) => ActionOn | Promise<ActionOn>,
) => (ids: readonly string[], options: O, command: Command) => Promise<void>;
type ActionOn = (target: Target) => Action;

function actionCommand(name: string, description: string, example: string): Command {
  return withOps(new Command(name))
    .description(description)
    .argument("<alerts...>", "ids of 1 to 200 alerts, or at least the first 8 characters of each id")
    .option(
      "--version <number>",
      "version of the alert that you saw; only with one alert (default: the current version)",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .addHelpText(
      "after",
      `\nExit code 1 if the action fails for an alert; the other alerts are changed.\n\nExample:\n  npx bellwether alerts ${name} ${example}`,
    );
}

function assignCommand(act: Act): Command {
  return actionCommand(
    "assign",
    "Assign alerts to an owner, or remove their owner.",
    "0190f3c0 7b2e91aa --to 'Jo Berg'",
  )
    .addOption(
      new Option(
        "--to <owner>",
        "new owner. For a person: the name as the history of alerts shows it, for example 'Ada Lovelace (ada)'",
      )
        .argParser(personName)
        .conflicts("nobody"),
    )
    .option("--nobody", "remove the owner of the alerts")
    .action(
      act(async (options: ActionOptions & { to?: string; nobody?: boolean }, client) => {
        if (options.nobody !== true && options.to === undefined)
          throw new UsageError("assign needs --to OWNER, or --nobody");
        const warning = options.to === undefined ? undefined : await unknownOwnerWarning(client, options.to);
        if (warning !== undefined) console.error(`bellwether: warning: ${warning}`);
        const value = { owner: options.to ?? "", note: options.note ?? "" };
        return (target: Target): Action => ({ case: "assign", value: { ...target, ...value } });
      }),
    );
}

interface SnoozeOptions extends ActionOptions {
  readonly until?: Date;
  readonly untilWorse?: boolean;
  readonly end?: boolean;
}

function snoozeCommand(act: Act): Command {
  return actionCommand(
    "snooze",
    "Snooze alerts until a time or until they become worse. With --end, end the snooze of alerts.",
    "0190f3c0 --until 2027-01-15 --until-worse",
  )
    .option("--until <time>", "end of the snooze: a day (until 23:59:59 UTC), or a time with its time zone", dayOrTime)
    .option("--until-worse", "the snooze ends when the severity rises, or when the score rises by 0.05 or more")
    .addOption(new Option("--end", "end the current snooze").conflicts(["until", "untilWorse"]))
    .action(
      act((options: SnoozeOptions) => {
        const { until, untilWorse = false, end = false } = options;
        if (!until && !untilWorse && !end)
          throw new UsageError("snooze needs --until TIME, --until-worse or both; --end ends the current snooze");
        const value = { untilWorse, note: options.note ?? "", ...(until && { until: timestampFromDate(until) }) };
        return (target) => ({ case: "snooze", value: { ...target, ...value } });
      }),
    );
}

interface ResolveOptions extends ActionOptions {
  readonly disposition: keyof typeof DISPOSITIONS;
  readonly until?: Date;
  readonly of?: string;
}

function resolveCommand(act: Act): Command {
  return actionCommand(
    "resolve",
    "Resolve alerts with a disposition.",
    "0190f3c0 --disposition accepted --until 2027-03-31",
  )
    .addOption(
      new Option("--disposition <disposition>", "how the alerts were resolved; duplicate needs --of (required)")
        .choices(Object.keys(DISPOSITIONS))
        .makeOptionMandatory(),
    )
    .option(
      "--until <time>",
      "with --disposition accepted: the risk is accepted until the end of this day (23:59:59 UTC), or until this time with its time zone (default: for cool_down_weeks of the rule)",
      dayOrTime,
    )
    .option("--of <alert>", "with --disposition duplicate: id of the other alert about the same risk of the supplier")
    .action(
      act(async (options: ResolveOptions, client) => {
        const { disposition, until, of, note = "" } = options;
        if (disposition !== "accepted" && until !== undefined)
          throw new UsageError("--until is only for --disposition accepted");
        if ((disposition === "duplicate") !== (of !== undefined))
          throw new UsageError(
            of === undefined ? "--disposition duplicate needs --of ALERT" : "--of is only for --disposition duplicate",
          );
        const value = {
          disposition: DISPOSITIONS[disposition],
          note,
          ...(until && { acceptedUntil: timestampFromDate(until) }),
          ...(of !== undefined && { duplicateOfAlertId: await idOf(client, of) }),
        };
        return (target) => ({ case: "resolve", value: { ...target, ...value } });
      }),
    );
}

interface OverrideOptions extends ActionOptions {
  readonly severity?: keyof typeof SEVERITIES;
  readonly band?: keyof typeof BAND_NUMBERS;
  readonly until?: Date;
  readonly reason: string;
  readonly end?: boolean;
}

function overrideCommand(act: Act): Command {
  return actionCommand(
    "override",
    "Replace the severity or the band of alerts until a time. With --end, end the override of alerts.",
    "0190f3c0 --severity warning --until 2027-01-15 --reason 'paid in full'\n  npx bellwether alerts override 0190f3c0 --end --reason 'late again'",
  )
    .addOption(new Option("--severity <severity>", "the severity that applies").choices(Object.keys(SEVERITIES)))
    .addOption(new Option("--band <band>", "the band that applies").choices(Object.keys(BAND_NUMBERS)))
    .option(
      "--until <time>",
      "end of the override: a day (until 23:59:59 UTC), or a time with its time zone",
      dayOrTime,
    )
    .requiredOption(
      "--reason <text>",
      "reason for the history of the alert, with at least one visible character (required)",
    )
    .addOption(new Option("--end", "end the current override").conflicts(["severity", "band", "until"]))
    .action(
      act((options: OverrideOptions) => {
        const { severity, band, until, reason, end = false } = options;
        if (!end && severity === undefined && band === undefined)
          throw new UsageError("override needs --severity, --band or both; --end ends the current override");
        if (!end && until === undefined) throw new UsageError("override needs --until TIME");
        const value = {
          severity: severity === undefined ? AlertSeverity.UNSPECIFIED : SEVERITIES[severity],
          band: band === undefined ? Band.UNSPECIFIED : BAND_NUMBERS[band],
          ...{ reason, ...(until && { until: timestampFromDate(until) }) },
        };
        return (target) => ({ case: "overrideAlert", value: { ...target, ...value } });
      }),
    );
}

async function idOf(client: AlertClient, which: string): Promise<string> {
  const [found] = await findAlerts(client, [which]);
  if (!found || "error" in found) throw new UsageError(`--of: ${found?.error ?? which}`);
  return found.alert.alertId;
}

const actionsOf =
  (context: CliContext): Act =>
  (actionOf) =>
  async (ids, options, command) => {
    using client = openAlerts(context, options.ops);
    const action = await actionOf(options, client);
    const { results, interruption } = await decideAlerts(client, ids, options.version, action);
    const histories: Histories = options.json ? new Map() : await readHistories(client, results);
    if (!interruption) return report(results, histories, options);
    printResults(results, histories, createReport(options));
    throw new InterruptedActionError(interruption, results.length, command);
  };

/** Maximum number of alerts of an action that are printed with their details. */
const MAX_DETAILED = 10;

/** Histories by the id of their alert, newest entry first. */
type Histories = ReadonlyMap<string, readonly AlertEvent[]>;

/**
 * Reads the histories of the alerts whose risk is accepted without an end: they say for how many weeks. Only for alerts
 * that are printed with their details. A history that cannot be read is left out: the action itself was performed.
 */
async function readHistories({ client, answer }: AlertClient, results: readonly Decided[]): Promise<Histories> {
  if (results.length > MAX_DETAILED) return new Map();
  const ids = results.flatMap(({ alert }) => (alert && isAcceptedForWeeks(alert) ? [alert.alertId] : []));
  const read = await Promise.allSettled(ids.map((alertId) => answer(client.getAlert({ alertId }))));
  return new Map(
    read.flatMap((one, i) => (one.status === "fulfilled" ? [[ids[i] ?? "", one.value.events] as const] : [])),
  );
}

/**
 * Prints one result per alert: the alert to standard output with the details that `alerts show` has, without its
 * reasons and history, or in one line when there are many; an error to standard error.
 */
function report(results: readonly Decided[], histories: Histories, options: OpsOptions): void {
  const { json, ...text } = createReport(options);
  printResults(results, histories, text);
  const failed = results.filter(({ error }) => error).length;
  json({
    results: results.map(({ given, alert, error, isUnchanged }) => ({
      ...{ given, changed: error === undefined && !isUnchanged },
      alert: alert ? alertJson(alert) : null,
      error: error ? { code: error.code, reason: error.reason, message: error.message } : null,
    })),
    failed,
  });
  if (failed > 0) process.exitCode = 1;
}

function printResults(results: readonly Decided[], histories: Histories, { line }: Pick<Report, "line">): void {
  for (const { given, alert, error, isUnchanged } of results)
    if (error) console.error(`bellwether: ${printable(error.message)}${wayOut(error.reason, alert?.alertId ?? given)}`);
    else if (alert) {
      const details = (): string[] => alertDetails(alert, histories.get(alert.alertId));
      for (const text of results.length > MAX_DETAILED ? [alertLine(alert)] : details()) line(text);
      if (isUnchanged) line(`nothing changed: alert ${alert.alertId.slice(0, 8)} was like this before`);
    }
  const failed = results.filter(({ error }) => error).length;
  const unchanged = results.filter((one) => one.isUnchanged).length;
  const same = unchanged === 0 ? "" : `, ${unchanged} unchanged`;
  if (results.length > 1) line(`${results.length - failed - unchanged} changed${same}, ${failed} failed`);
}

const wayOut = (reason: string, alertId: string): string =>
  reason === "ALERT_CHANGED"
    ? `: bellwether alerts show ${alertId.slice(0, 8)} shows who changed what; then call the command again, without --version or with the new version`
    : "";
