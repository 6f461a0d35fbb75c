import { UUID_PATTERN } from "@bellwether/contract/uuid";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { type ReplayComparison, ReplayOutcome } from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek } from "../input/parse-option.ts";
import { createReport, type Report, showProgress } from "../output/report.ts";
import { type OpsClient, openOps } from "../remote/ops-client.ts";
import { OPS_MODEL_FLAG, type OpsOptions, withOps } from "../remote/shared-options.ts";
import { addPage, comparisonJson, comparisonLines, comparisonOf, NO_COMPARISON } from "./comparison.ts";

interface ReplayOptions extends OpsOptions {
  readonly run?: string;
  readonly supplier?: string;
  readonly model?: string;
}

/** Time limit of a call: a version may have to be loaded first. */
const TIMEOUT_MS = 300_000;

/** `bellwether audit replay` */
export function replayCommand(context: CliContext): Command {
  return withOps(new Command("replay"))
    .description(
      "Compute recorded decisions again, with the version that computed them, and compare every bit of the score and of the contributions. If a decision cannot be computed again, the command says what is missing or different.",
    )
    .argument("[id]", "prediction id of a score, or id of an event of the audit log, for example of a batch")
    .option("--run <week>", "compute all scores of the weekly run of this ISO week, for example 2026-W47", isoWeek)
    .option("--supplier <id>", "with --run: only the score of this supplier (default: all suppliers)")
    .option(...OPS_MODEL_FLAG)
    .addHelpText(
      "after",
      "\nThe exit code is 0 if every bit is equal, and 1 if a bit differs or a decision cannot be computed again.\n" +
        "\nExamples:\n  npx bellwether audit replay 0197c0de-0000-7000-8000-000000000000" +
        "\n  npx bellwether audit replay --run 2026-W47\n  npx bellwether audit replay --run 2026-W47 --supplier S_0012 --json",
    )
    .action(async (id: string | undefined, options: ReplayOptions) => {
      checkOptions(id, options);
      const report = createReport(options);
      using ops = openOps(context, options.ops, AuditService);
      if (id !== undefined) await replayDecision(ops, id, report);
      else await replayRun(ops, options, report);
    });
}

/** @throws UsageError */
function checkOptions(id: string | undefined, { run, supplier, model }: ReplayOptions): void {
  if ((id === undefined) === (run === undefined))
    throw new UsageError(
      "give either the id of a prediction or --run WEEK: bellwether audit replay --help has examples",
    );
  if (id !== undefined && !UUID_PATTERN.test(id.toLowerCase()))
    throw new UsageError(`${JSON.stringify(id)} is not the id of a prediction or an event; both are UUIDs`);
  const onlyRun = supplier === undefined ? (model === undefined ? undefined : "--model") : "--supplier";
  if (id !== undefined && onlyRun !== undefined) throw new UsageError(`${onlyRun} is only possible with --run`);
}

async function replayDecision(ops: OpsClient<typeof AuditService>, id: string, report: Report): Promise<void> {
  const answer = await ops.answer(ops.client.replayPrediction({ id }, { timeoutMs: TIMEOUT_MS }));
  const { eventId, sequence, kind, supplierId } = answer;
  const comparison = comparisonOf(answer.comparison);
  report.line(`${kind}${supplierId === "" ? "" : ` of ${supplierId}`}, event ${eventId}, record ${sequence}`);
  if (answer.recordedRiskScore !== undefined)
    report.line(
      `  risk score: recorded ${answer.recordedRiskScore}, computed again ${answer.replayedRiskScore ?? "not at all"}`,
    );
  for (const line of comparisonLines(comparison)) report.line(line);
  report.json({
    ...{ event_id: eventId, sequence: Number(sequence), kind, supplier_id: supplierId || null },
    recorded_risk_score: answer.recordedRiskScore ?? null,
    replayed_risk_score: answer.replayedRiskScore ?? null,
    ...comparisonJson(comparison),
  });
  checkEqual(comparison);
}

async function replayRun(ops: OpsClient<typeof AuditService>, options: ReplayOptions, report: Report): Promise<void> {
  const { run: week = "", supplier: supplierId = "", model: modelName = "" } = options;
  const request = { isoWeek: week, supplierId, modelName };
  let comparison = NO_COMPARISON;
  let pageToken = "";
  let [runId, model] = [0, ""];
  do {
    const page = await ops.answer(ops.client.replayRun({ ...request, pageToken }, { timeoutMs: TIMEOUT_MS }));
    comparison = addPage(comparison, page.comparison);
    [runId, model, pageToken] = [page.runId, page.modelName, page.nextPageToken];
    if (supplierId === "") showProgress("replayed", Number(comparison.decisions), Number(page.rowsScored));
  } while (pageToken !== "");
  report.line(`run ${runId} of ${week}, ${model}${supplierId === "" ? "" : `, supplier ${supplierId}`}`);
  for (const line of comparisonLines(comparison)) report.line(line);
  report.json({ run_id: runId, iso_week: week, model, supplier_id: supplierId || null, ...comparisonJson(comparison) });
  checkEqual(comparison);
}

/** @throws ReportedError unless every bit is equal */
function checkEqual({ outcome, decisionsDifferent, decisions, findings }: ReplayComparison): void {
  if (outcome === ReplayOutcome.EQUAL) return;
  const [finding] = findings;
  throw new ReportedError(
    outcome === ReplayOutcome.DIFFERENT
      ? `${decisionsDifferent} of ${countText(Number(decisions), "decision")} differ from what was recorded`
      : `not everything can be computed again: ${finding?.message ?? "nothing was recorded"}`,
  );
}
