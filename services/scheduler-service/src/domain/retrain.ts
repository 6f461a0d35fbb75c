import type { OutcomeLabels } from "@bellwether/ingest/training/outcome-labels";
import type { WeekData } from "@bellwether/ingest/training/week-data";
import { countText } from "@bellwether/reasons/count-text";
import type { ExplainedTraining, TrainProgress, TrainUsage } from "@bellwether/scoring/training/train-messages";
import type { RetrainTrigger, RetrainWindow } from "./retrain-due.ts";
import { mayPass } from "./scheduler-error.ts";

/** Stages of a retrain, in their order. */
export const RETRAIN_STAGES = ["outcomes", "reading", "choosing", "training", "publishing", "gating"] as const;

export type RetrainStage = (typeof RETRAIN_STAGES)[number];

/** Stage of a retrain, and how much of the stage is done. */
export interface RetrainProgress {
  readonly stage: RetrainStage;
  readonly done: number;
  /** 0: not known. */
  readonly total: number;
}

/** What is to be trained, and why. */
export interface RetrainTask {
  readonly trigger: RetrainTrigger;
  /** Why: the condition that holds, or what a person wrote. */
  readonly reason: string;
  /** Who: the caller, or "scheduler-service". */
  readonly actor: string;
  readonly window: RetrainWindow;
}

/** The version that a retrain ended with. */
export interface RetrainVersion {
  readonly version: string;
  /** The alias that the version has now. Null: none. */
  readonly alias: string | null;
  /** Time at which the version was published, epoch milliseconds. */
  readonly publishedMs: number;
}

/** How a retrain ended. */
export interface RetrainResult {
  /** "unchanged": the same data and configuration made the files of a version that was published before the retrain began. */
  readonly outcome: "published" | "unchanged" | "failed" | "cancelled";
  /** The version that was published, or has the same files. Empty: none. */
  readonly version: string;
  /** The alias that the version got, or has. Empty: none. */
  readonly alias: string;
  /** Why it failed or was cancelled, in one line. Empty: neither. */
  readonly failure: string;
  /** Labelled rows, and how many of them have the risk. */
  readonly rows: number;
  readonly positives: number;
  /** AUC on the newest weeks of the window. Null: not trained. */
  readonly auc: number | null;
  /** AUC of the best single feature on the same rows. Null: not trained, or there is none. */
  readonly baselineAuc: number | null;
  readonly baselineFeature: string;
  /** Largest memory and CPU time of the process that trained. 0: it did not end by itself. */
  readonly peakRssBytes: number;
  readonly cpuSeconds: number;
  /** What was left out, and what else a person should know, one sentence each. */
  readonly notes: readonly string[];
}

/** Steps of a retrain. All functions end when the signal aborts. */
export interface RetrainSteps {
  /** Reads the outcomes that are known now, and returns what of them was not used, too. */
  readLabels(
    signal: AbortSignal,
  ): Promise<{ readonly labels: OutcomeLabels; readonly horizonDays: number; readonly notes: readonly string[] }>;
  loadRows(
    window: RetrainWindow,
    labels: { readonly labels: OutcomeLabels; readonly horizonDays: number },
    onWeek: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<WeekData>;
  /** Trains in its own process. @throws TrainLimitError, TrainKilledError, TrainingDataError */
  train(
    data: WeekData,
    onProgress: (progress: TrainProgress) => void,
    signal: AbortSignal,
  ): Promise<ExplainedTraining & { readonly usage: TrainUsage }>;
  /**
   * Publishes the version whole or not at all. It does not become the champion by that. If a version with the same files
   * exists, nothing is published, and that version is returned.
   */
  publish(trained: ExplainedTraining, task: RetrainTask, signal: AbortSignal): Promise<RetrainVersion>;
  /**
   * Compares the version with the champion, records the result, and promotes it if the policy says so.
   * @returns what was decided, in one sentence; null: there is nothing to decide, or it was decided before
   */
  gate(data: WeekData, trained: ExplainedTraining, version: string, signal: AbortSignal): Promise<string | null>;
}

/** A person has cancelled the retrain. */
export class RetrainCancelledError extends Error {
  override readonly name = "RetrainCancelledError" as const;
  constructor(actor: string, reason: string) {
    super(`cancelled by ${actor}: ${reason}`);
  }
}

/** Errors after which the same retrain may succeed: other writers of the registry, and a process that was killed from outside. */
const PASSING: ReadonlySet<string> = new Set([
  "RegistryBusyError",
  "RegistryUnavailableError",
  "AliasMovedError",
  "TrainKilledError",
]);

const NOTHING: Omit<RetrainResult, "outcome" | "failure" | "notes"> = {
  ...{ version: "", alias: "", rows: 0, positives: 0, auc: null, baselineAuc: null, baselineFeature: "" },
  ...{ peakRssBytes: 0, cpuSeconds: 0 },
};

/** Returns the result of a retrain that has failed. @param failure why, in one line */
export const failedRetrain = (failure: string): RetrainResult => ({
  ...NOTHING,
  ...{ outcome: "failed", failure, notes: [] },
});

/** An attempt at a retrain. */
export interface RetrainAttempt {
  readonly signal: AbortSignal;
  readonly isLast: boolean;
  /** Time at which the first attempt began, epoch milliseconds. */
  readonly beganMs: number;
}

/**
 * Trains a version from weekly runs and outcomes, and publishes it. Whatever fails, the champion stays as it is. A repetition after a
 * kill publishes the same version once, because the same data make the same files. A version that an attempt before the kill
 * has published is a result of this retrain, too.
 * @param isLast whether errors that may pass end the retrain; otherwise they are thrown, so that it is tried again
 * @throws errors that may pass; the reason of the signal, unless a person has cancelled the retrain
 */
export async function retrain(
  steps: RetrainSteps,
  task: RetrainTask,
  onProgress: (progress: RetrainProgress) => void,
  { signal, isLast, beganMs }: RetrainAttempt,
): Promise<RetrainResult> {
  try {
    return await trainAndPublish(steps, task, onProgress, { signal, beganMs });
  } catch (error) {
    if (signal.reason instanceof RetrainCancelledError)
      return { ...NOTHING, outcome: "cancelled", failure: signal.reason.message, notes: [] };
    if (signal.aborted) throw error;
    const isPassing = mayPass(error) || (error instanceof Error && PASSING.has(error.name));
    if (isPassing && !isLast) throw error;
    return failedRetrain(failureText(error));
  }
}

async function trainAndPublish(
  steps: RetrainSteps,
  task: RetrainTask,
  onProgress: (progress: RetrainProgress) => void,
  { signal, beganMs }: Pick<RetrainAttempt, "signal" | "beganMs">,
): Promise<RetrainResult> {
  onProgress({ stage: "outcomes", done: 0, total: 0 });
  const { notes: labelNotes, ...labels } = await steps.readLabels(signal);
  const onWeek = (done: number, total: number): void => onProgress({ stage: "reading", done, total });
  onWeek(0, 0);
  const data = await steps.loadRows(task.window, labels, onWeek, signal);
  const { weeks } = data;
  const total = (of: "rows" | "labelled" | "positives"): number => weeks.reduce((sum, week) => sum + week[of], 0);
  onProgress({ stage: "training", done: 0, total: 0 });
  const trained = await steps.train(
    data,
    ({ step, done, total: of }) => onProgress({ stage: step, done, total: of }),
    signal,
  );
  onProgress({ stage: "publishing", done: 0, total: 0 });
  const { version, alias, publishedMs } = await steps.publish(trained, task, signal);
  const isNew = publishedMs >= beganMs;
  onProgress({ stage: "gating", done: 0, total: 0 });
  const gated = await gateOrNote(steps, data, trained, version, signal);
  const { evaluation, usage } = trained;
  return {
    ...{ outcome: isNew ? "published" : "unchanged", version, alias: alias ?? "", failure: "" },
    ...{ rows: total("labelled"), positives: total("positives"), auc: evaluation.auc },
    ...{ baselineAuc: evaluation.baseline?.auc ?? null, baselineFeature: evaluation.baseline?.feature ?? "" },
    ...usage,
    notes: [
      `${countText(total("labelled"), "row")} of ${total("rows")} in ${countText(weeks.length, "week")} have a label`,
      ...labelNotes,
      ...data.lines,
      ...trained.warnings,
      ...(gated === null ? [] : [gated]),
      ...(alias === null && isNew ? ["the version has no alias: give it one with bellwether models promote"] : []),
    ],
  };
}

/** Runs the promotion gate. The version is published: an error is a note, unless the service stops and the job is done again. */
async function gateOrNote(
  steps: RetrainSteps,
  data: WeekData,
  trained: ExplainedTraining,
  version: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return await steps.gate(data, trained, version, signal);
  } catch (error) {
    if (signal.aborted && !(signal.reason instanceof RetrainCancelledError)) throw error;
    return `the promotion gate has no result: ${failureText(error)}`;
  }
}

/** Longest text of a failure, characters. */
const MAX_FAILURE = 1_000;

function failureText(error: unknown): string {
  const text = error instanceof Error && error.message !== "" ? error.message : String(error);
  return text.replaceAll(/\s+/g, " ").slice(0, MAX_FAILURE);
}
