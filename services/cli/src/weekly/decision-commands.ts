import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { isoWeek, reason } from "../input/parse-option.ts";
import { type GivenOptions, givenOptions, weeklyCommandText } from "../output/given-options.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { JSON_FLAG, OPS_FLAG } from "../remote/shared-options.ts";
import { findRun } from "./find-run.ts";
import {
  againText,
  approvalText,
  nextStep,
  reasonText,
  runText,
  runToJson,
  stateText,
  supersedeText,
} from "./run-text.ts";

interface DecisionOptions {
  readonly week: string;
  readonly reason: string;
  readonly model?: string;
  readonly ops?: string;
  readonly json?: boolean;
}

/** Returns the subcommands of `bellwether weekly` with which a person decides about the run of a week. */
export function decisionCommands(context: CliContext): Command[] {
  return [approveCommand(context), voidCommand(context), supersedeCommand(context)];
}

function decisionCommand(name: string, description: string, example: string, help: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption("--week <week>", "ISO week of the run, for example 2026-W47 (required)", isoWeek)
    .requiredOption("--reason <text>", "reason, 1 to 2,000 bytes in UTF-8; the audit log records it (required)", reason)
    .option("--model <name>", "name of the model (default: the only model that has a run of the week)")
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      `\n${help}\nExit code 1 if the state of the run does not allow this action. With authentication, the token needs the role admin.\n\nExample:\n  npx bellwether weekly ${name} --week 2026-W47 --reason '${example}'`,
    );
}

function approveCommand(context: CliContext): Command {
  return decisionCommand(
    "approve",
    "Publish the held run of a week although checks of its input failed.",
    "the branch in Lyon was sold",
    "The scheduler continues the run within a minute. If weekly run started the run, and the scheduler does not have the\ninput file, repeat that weekly run command.",
  ).action(async (options: DecisionOptions, command: Command) => {
    const report = createReport(options);
    const given = givenOptions(command);
    using ops = openOps(context, options.ops, BatchService);
    const found = await findRun(ops, options.week, options.model);
    // The service answers a repeated approval as the first time, also after the run has been published.
    if (found.state === RunState.COMPLETE && found.approved) {
      report.json({ ...runToJson(found, given), approved_by: found.approved.actor, changed: false });
      throw new ReportedError(
        `${found.isoWeek} of ${found.modelName} is complete already: ${approvalText(found)}; nothing was changed`,
      );
    }
    const { run, repeatedRequest } = await ops.answer(
      ops.client.approveRun({ runId: found.runId, reason: options.reason }),
    );
    if (!run) throw new Error("ops-service returned no run");
    report.line(approvedLine(run, given, repeatedRequest));
    report.json({ ...runToJson(run, given), approved_by: run.approved?.actor ?? null, changed: !repeatedRequest });
  });
}

/**
 * Returns what continues an approved run, and whether the run was approved before: the first approval counts.
 * @param isRepeated whether an earlier call has approved the run
 */
export function approvedLine(run: BatchRun, given: GivenOptions, isRepeated: boolean): string {
  const next = nextStep(run, given) || `it is ${stateText(run.state)}`;
  const approval = isRepeated ? `was approved already (${approvalText(run)}); nothing was changed` : "is approved";
  return `${run.isoWeek} of ${run.modelName} ${approval}; ${next}`;
}

function voidCommand(context: CliContext): Command {
  return decisionCommand(
    "void",
    "Withdraw the run of a week: its scores are no longer shown, and alerts that only this run raised are closed.",
    "the file was for another week",
    "The next run of the week is a new revision.",
  ).action(async (options: DecisionOptions, command: Command) => {
    const report = createReport(options);
    const given = givenOptions(command);
    using ops = openOps(context, options.ops, BatchService);
    const found = await findRun(ops, options.week, options.model);
    const { runId } = found;
    const { run, alertsClosed, alertsRestored, alertsKept, latestWeek, repeatedRequest } = await ops.answer(
      ops.client.voidRun({ runId, reason: options.reason }),
    );
    if (!run) throw new Error("ops-service returned no run");
    const counts = {
      alerts_closed: alertsClosed?.count ?? 0,
      alerts_restored: alertsRestored?.count ?? 0,
      alerts_kept: alertsKept?.count ?? 0,
    };
    for (const line of withdrawnLines(found, run, latestWeek, repeatedRequest, given)) report.line(line);
    if (!repeatedRequest)
      report.line(
        `${countText(counts.alerts_closed, "alert")} closed, ${counts.alerts_restored} as before the run, ${counts.alerts_kept} kept because people or later runs changed them`,
      );
    const endsRequest = !repeatedRequest && endsSupersedeRequest(found);
    report.json({
      ...{ ...runToJson(run), ...counts, latest_week: latestWeek || null, changed: !repeatedRequest },
      supersede_request_withdrawn: endsRequest,
    });
  });
}

const inBrackets = (text: string): string => (text === "" ? "" : ` (${text})`);

/**
 * Whether the withdrawal of a run also ends a request for a new revision: a request for a revision of this run, or of
 * the run that this run was to replace.
 */
const endsSupersedeRequest = ({ state, supersedesRunId, supersedeRequested }: BatchRun): boolean =>
  supersedeRequested !== undefined || (supersedesRunId !== undefined && state !== RunState.COMPLETE);

/**
 * Returns which revision was withdrawn, what became of a request for a new one, and how the week is run again.
 * @param before the run before the withdrawal
 * @param isRepeated whether an earlier call has withdrawn the run
 * @param given options of the command
 */
export function withdrawnLines(
  before: BatchRun,
  run: BatchRun,
  latestWeek: string,
  isRepeated: boolean,
  given: GivenOptions,
): string[] {
  const { isoWeek, modelName, revision } = run;
  const name = `revision ${revision} of ${isoWeek} of ${modelName}`;
  const latest = `latest complete week now: ${latestWeek || "none"}`;
  if (isRepeated)
    return [`${name} was withdrawn already${inBrackets(reasonText(run))}: nothing was changed; ${latest}`];
  const line = `${name} is withdrawn; ${latest}`;
  const again = againText(isoWeek, given);
  if (!endsSupersedeRequest(before)) return [line, again];
  if (before.supersedeRequested) return [line, "the request for a new revision ends with it", again];
  const asked = `the request for a new revision ends with it; the revision that it was to replace is shown, and a new request is ${weeklyCommandText("supersede", `--week ${isoWeek} --reason TEXT`, { ...given, model: modelName })}`;
  return [line, asked];
}

function supersedeCommand(context: CliContext): Command {
  return decisionCommand(
    "supersede",
    "Request a new revision of a complete week, for example because the file was corrected. The next run of the week is the new revision.",
    "the export had the amounts in cents",
    "The complete run is shown until the new revision is complete.",
  ).action(async (options: DecisionOptions, command: Command) => {
    const report = createReport(options);
    const given = givenOptions(command);
    using ops = openOps(context, options.ops, BatchService);
    const before = await findRun(ops, options.week, options.model, RunState.COMPLETE);
    const { run, repeatedRequest } = await ops.answer(
      ops.client.supersedeRun({ runId: before.runId, reason: options.reason }),
    );
    if (!run) throw new Error("ops-service returned no run");
    report.line(requestedLine(run, given, repeatedRequest));
    report.json({ ...runToJson(run, given), changed: !repeatedRequest });
  });
}

/**
 * Returns how the new revision is made, and whether it was requested before: the first request counts.
 * @param isRepeated whether an earlier call has requested it
 */
export function requestedLine(run: BatchRun, given: GivenOptions, isRepeated: boolean): string {
  const { isoWeek, modelName } = run;
  const line = `the next run of ${isoWeek} of ${modelName} is a new revision: ${runText(isoWeek, given, true)}`;
  return isRepeated ? `${supersedeText(run)}; nothing was changed; ${line}` : line;
}
