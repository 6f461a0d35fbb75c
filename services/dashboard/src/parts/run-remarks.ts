import { type BatchRun, CheckOutcome, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { countOf } from "./format.ts";
import { personText } from "./words.ts";

/** Information about a run that its counts do not show. */
export interface RunRemark {
  readonly title: string;
  readonly text: string;
}

/**
 * Whether a run failed because its losses exceeded a limit. The failure text of such a run states what to do.
 */
export function isLossFailure({ state, losses }: Pick<BatchRun, "state" | "losses">): boolean {
  return state === RunState.FAILED && losses !== undefined && losses.exceeded.length > 0;
}

/** Remarks about a run, the most important first. */
export function remarksOf(run: BatchRun): RunRemark[] {
  const { losses, forceFuture, model, configHash } = run;
  const remarks: RunRemark[] = [...stateRemarks(run)];
  if (run.overtakenBy)
    remarks.push({
      title: "The alert rules were not evaluated",
      text: `${run.overtakenBy} was complete before this week. The scores are published, and the alerts are unchanged.`,
    });
  if (losses?.accepted) {
    const before =
      losses.previousSuppliers === undefined ? "" : `, ${losses.previousSuppliers} in ${losses.previousWeek}`;
    remarks.push({
      title: `Losses accepted by ${personText(losses.accepted.actor)}`,
      text: `“${losses.accepted.reason}” (${countOf(losses.rowsRejected, "row")} rejected, ${countOf(losses.suppliers, "supplier")}${before})`,
    });
  }
  if (forceFuture)
    remarks.push({
      title: `Run before the week began, by ${personText(forceFuture.actor)}`,
      text: `“${forceFuture.reason}”`,
    });
  if (model?.configHash && configHash && model.configHash !== configHash)
    remarks.push({
      title: "Not the configuration that the model was trained with",
      text: `The run used ${configHash.slice(0, 12)}…, ${model.name} ${model.version} was trained with ${model.configHash.slice(0, 12)}….`,
    });
  return remarks;
}

/** Remarks about what people decided about a run, or have to decide. */
function stateRemarks(run: BatchRun): RunRemark[] {
  const { state, voided, approved, supersedeRequested, missedReason, supersededByRunId, checks } = run;
  const remarks: RunRemark[] = [];
  const failed = checks.filter(({ outcome }) => outcome === CheckOutcome.FAILED).map(({ detail }) => detail);
  if (state === RunState.HELD && !approved)
    remarks.push({
      title: "The run is held: nothing of it is published",
      text: `${countOf(run.checksFailed, "check")} failed. ${failed.join(" ")} An administrator approves the run or voids it.`,
    });
  if (state === RunState.MISSED) remarks.push({ title: "The week was missed", text: missedReason });
  if (voided)
    remarks.push({
      title: `Voided by ${personText(voided.actor)}: its scores are withdrawn`,
      text: `“${voided.reason}”`,
    });
  if (state === RunState.SUPERSEDED)
    remarks.push({
      title: "Superseded by a later revision of the week",
      text: `The scores of run ${supersededByRunId} are shown instead.`,
    });
  if (supersedeRequested)
    remarks.push({
      title: `A new revision was requested by ${personText(supersedeRequested.actor)}`,
      text: `“${supersedeRequested.reason}” This run is shown until the revision is complete.`,
    });
  if (approved)
    remarks.push({
      title: `Approved by ${personText(approved.actor)} although ${countOf(run.checksFailed, "check")} failed`,
      text: `“${approved.reason}”`,
    });
  return remarks;
}
