import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
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
  const remarks: RunRemark[] = [];
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
