import type { TrainedRiskModel, TrainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import type { ExplainedModel } from "../publish/publish-trained.ts";
import type { PackedTexts } from "./packed-texts.ts";

/** What is to be trained. */
export type TrainTask = Omit<TrainRiskModel, "runOnnx" | "onTree" | "onChoice">;

/** Request to the child process: train one model. */
export interface TrainRequest {
  /** Without the texts, when they are packed. */
  readonly task: TrainTask;
  /** The texts of the table. Null: they are in the table, or there are none. */
  readonly texts: PackedTexts | null;
  /** Largest resident memory of the process, in bytes. */
  readonly maxMemoryBytes: number;
}

/** How far a training is. */
export interface TrainProgress {
  /** "choosing": combinations of the trainer's grid; "training": trees of the final model. */
  readonly step: "choosing" | "training";
  readonly done: number;
  readonly total: number;
}

/** What a training has used up to its end. */
export interface TrainUsage {
  /** Largest resident memory of the process, in bytes. */
  readonly peakRssBytes: number;
  /** CPU time of the process, user and system, in seconds. */
  readonly cpuSeconds: number;
}

/** A trained model, and what its version says besides. */
export type ExplainedTraining = TrainedRiskModel & { readonly explained: ExplainedModel };

/** Message of the child process. `result` or `failure` is the last one. */
export type TrainMessage =
  | { readonly kind: "progress"; readonly progress: TrainProgress }
  | { readonly kind: "result"; readonly trained: ExplainedTraining; readonly usage: TrainUsage }
  | { readonly kind: "failure"; readonly name: string; readonly message: string };

/** Message of the thread that trains, to the process around it. */
export type WorkerMessage =
  | Extract<TrainMessage, { kind: "progress" | "failure" }>
  | { readonly kind: "trained"; readonly trained: ExplainedTraining };

/** Name of the failure of a training that needed more memory than its limit. */
export const MEMORY_FAILURE = "TrainMemoryError";
