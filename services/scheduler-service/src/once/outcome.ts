import path from "node:path";
import { ConfigError } from "@bellwether/config/config-error";
import { EnvError } from "@bellwether/env/env";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { IngestLimitError, MappingSqlError, NoRowsError, SourceError } from "@bellwether/ingest/ingest-errors";
import { describeChecks } from "@bellwether/plausibility/check";
import { checkFromProto } from "@bellwether/plausibility/check-proto";
import type { InputReport } from "../domain/check-input-file.ts";
import { lossesToJson } from "../domain/run-summary.ts";
import {
  DiskError,
  InputNotFoundError,
  InputUnavailableError,
  LossLimitError,
  PeerUnavailableError,
  RunHeldError,
  WeekCompleteError,
} from "../domain/scheduler-error.ts";
import type { WeeklyResult } from "../domain/weekly-run.ts";

/** Returns a complete week as plain JSON. @param folder folder of the week, with its report */
export function outcomeToJson({ run, wasComplete, rejected, notes }: WeeklyResult, folder: string): object {
  return {
    iso_week: run.isoWeek,
    model: run.modelName,
    model_version: run.model?.version ?? "",
    as_of: run.asOf || null,
    revision: run.revision,
    was_complete: wasComplete,
    rows_read: Number(run.rowsRead ?? 0),
    rows_scored: Number(run.rowsScored),
    rows_without_score: Number(run.bands.find(({ band }) => band === Band.UNKNOWN)?.rows ?? 0),
    rows_rejected: Number(run.rowsRejected),
    rejected_reasons: rejected,
    alerts_raised: run.alertsRaised,
    rules_evaluated: run.overtakenBy === "",
    overtaken_by: run.overtakenBy || null,
    losses: run.losses ? lossesToJson(run.losses) : null,
    source_digest: run.sourceDigest,
    config_hash: run.configHash,
    model_config_hash: run.model?.configHash ?? "",
    policy_hash: run.policyHash,
    checks: run.checks.flatMap(checkFromProto),
    notes,
    report: path.join(folder, "report.json"),
  };
}

/** Returns the check of a weekly input as plain JSON. `lines` has its checks for people. */
export function inputReportToJson({ week, ...report }: InputReport): object {
  return {
    ...{ iso_week: week, as_of: report.asOf, outcome: report.outcome, compared_with: report.comparedWith },
    suppliers_without_score: report.suppliersWithoutScore,
    ...{ suppliers: report.suppliers, rows_rejected: report.rowsRejected, rejected_reasons: report.rejected },
    ...{ checks: report.checks, failures: report.failures, notes: report.notes, reason: report.reason },
    lines: describeChecks(report.checks),
  };
}

/** Returns the failure of a check of the input of a week as plain JSON. Nothing of a run is said, because there is none. */
export function checkFailureToJson(
  error: unknown,
  week: string,
): { readonly reason: string; readonly message: string } {
  const message = isTemporary(error) ? error.problem : error instanceof Error ? error.message : String(error);
  return {
    reason: unusableReason(error) ?? "CHECK_FAILED",
    message: isReadingError(error) ? `a run of ${week} with this file would fail: ${message}` : message,
  };
}

/** Whether the same run may succeed later. */
const isTemporary = (error: unknown): error is DiskError | PeerUnavailableError | InputUnavailableError =>
  error instanceof DiskError || error instanceof PeerUnavailableError || error instanceof InputUnavailableError;

/** Whether a run of the same file and mapping ends with this error, too. */
const isReadingError = (error: unknown): boolean =>
  error instanceof SourceError ||
  error instanceof MappingSqlError ||
  error instanceof NoRowsError ||
  error instanceof IngestLimitError;

/** Reasons of a run or check that did not begin: a variable or a configuration file is invalid, or the input does not exist. */
export const UNUSABLE: ReadonlySet<string> = new Set(["INVALID_CONFIGURATION", "INPUT_NOT_FOUND"]);

function unusableReason(error: unknown): string | null {
  if (error instanceof EnvError || error instanceof ConfigError) return "INVALID_CONFIGURATION";
  return error instanceof InputNotFoundError ? "INPUT_NOT_FOUND" : null;
}

/**
 * Returns the failure of a week as plain JSON. `reason` is a stable identifier; the figures are those of the
 * message.
 * @param folder folder of the week, with the record of rejected rows; null when the run ended before it was known
 */
export function failureToJson(
  error: unknown,
  folder: string | null = null,
): {
  readonly reason: string;
  readonly message: string;
  readonly [figure: string]: unknown;
} {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof LossLimitError) {
    const losses = error.losses && lossesToJson(error.losses);
    return {
      ...{ reason: "LOSS_LIMIT", message, ...(losses && { losses }) },
      rejected_reasons: error.reasons,
      ...(folder !== null && { report: path.join(folder, "ingest.json") }),
    };
  }
  if (error instanceof RunHeldError) {
    const { run, failed, reasons } = error;
    return {
      ...{ reason: "RUN_HELD", message, iso_week: run.isoWeek, run_id: run.runId },
      ...{ checks: failed.flatMap(checkFromProto), rejected_reasons: reasons },
      ...(reasons.length > 0 && folder !== null && { report: path.join(folder, "ingest.json") }),
    };
  }
  if (error instanceof WeekCompleteError) {
    const { recorded, given } = error;
    return { reason: "WEEK_COMPLETE", message, ...{ recorded: inputsToJson(recorded), given: inputsToJson(given) } };
  }
  // The program ends with this message: nothing but a person continues the run.
  if (isTemporary(error))
    return {
      reason: "RUN_FAILED",
      message: `${error.problem}; run the command again later, and the run continues where it stopped`,
    };
  return { reason: unusableReason(error) ?? "RUN_FAILED", message };
}

const inputsToJson = ({ sourceDigest, configHash }: WeekCompleteError["given"]) => ({
  source_digest: sourceDigest,
  config_hash: configHash,
});
