import {
  type Retrain,
  RetrainOutcome,
  RetrainStage,
  RetrainTrigger,
} from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { countText } from "@bellwether/reasons/count-text";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { enumWord } from "./enum-word.ts";

const MIB = 2 ** 20;

/** Whether a retrain ended with a version. */
export const hasVersion = ({ outcome }: Retrain): boolean =>
  outcome === RetrainOutcome.PUBLISHED || outcome === RetrainOutcome.UNCHANGED;

/** Returns the state of a retrain: how it ended, or its stage. */
export function retrainState({ outcome, stage, beganAt }: Retrain): string {
  if (outcome !== RetrainOutcome.UNSPECIFIED) return enumWord(RetrainOutcome, outcome);
  if (beganAt === undefined) return "waits";
  return stage === RetrainStage.UNSPECIFIED ? "running" : `running (${enumWord(RetrainStage, stage)})`;
}

/** Returns a retrain in lines for people. */
export function retrainLines(one: Retrain): string[] {
  const { jobId, trigger, reason, actor, fromWeek, toWeek, version, alias, failure, rows, positives, auc } = one;
  const result = hasVersion(one) ? `: ${version}${alias === "" ? ", without an alias" : `, ${alias}`}` : "";
  const why =
    trigger === RetrainTrigger.PERSON ? `${actor}: ${reason}` : `${enumWord(RetrainTrigger, trigger)}: ${reason}`;
  const baseline = one.baselineAuc === undefined ? "" : ` (${one.baselineFeature} alone ${one.baselineAuc.toFixed(4)})`;
  const memory = `${Math.ceil(Number(one.peakMemoryBytes) / MIB)} MiB`;
  return [
    `${jobId} ${retrainState(one)}${result}; weeks ${fromWeek} to ${toWeek}`,
    `  because of ${why}`,
    ...(auc === undefined
      ? []
      : [
          `  ${countText(rows, "labelled row")}, ${positives} with the risk; AUC ${auc.toFixed(4)} on the newest weeks${baseline}`,
          `  child process: ${memory} of memory, ${one.cpuSeconds.toFixed(1)} s of the processor`,
        ]),
    ...(failure === "" ? [] : [`  ${failure}`]),
    ...one.notes.map((note) => `  note: ${note}`),
  ];
}

/** Returns a retrain as JSON has it. */
export const retrainJson = (one: Retrain) => ({
  job_id: one.jobId,
  state: one.outcome === RetrainOutcome.UNSPECIFIED ? "running" : enumWord(RetrainOutcome, one.outcome),
  stage: one.stage === RetrainStage.UNSPECIFIED ? null : enumWord(RetrainStage, one.stage),
  ...{ trigger: enumWord(RetrainTrigger, one.trigger), reason: one.reason, actor: one.actor },
  ...{ from_week: one.fromWeek, to_week: one.toWeek, version: one.version, alias: one.alias, failure: one.failure },
  began_at: one.beganAt ? timestampDate(one.beganAt).toISOString() : null,
  ended_at: one.endedAt ? timestampDate(one.endedAt).toISOString() : null,
  ...{ rows: Number(one.rows), positives: Number(one.positives), auc: one.auc ?? null },
  ...{ baseline_feature: one.baselineFeature, baseline_auc: one.baselineAuc ?? null },
  ...{ peak_rss_bytes: Number(one.peakMemoryBytes), cpu_seconds: one.cpuSeconds, notes: one.notes },
});
