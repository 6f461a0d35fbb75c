import type { TrainedRiskModel, TrainRiskModel } from "@bellwether/risk-model/training/train-risk-model";

/** Request to the child process: train one model. */
export interface TrainRequest {
  readonly task: Omit<TrainRiskModel, "runOnnx" | "onTree" | "onChoice">;
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

/** Message of the child process. `result` or `failure` is the last one. */
export type TrainMessage =
  | { readonly kind: "progress"; readonly progress: TrainProgress }
  | { readonly kind: "result"; readonly trained: TrainedRiskModel; readonly usage: TrainUsage }
  | { readonly kind: "failure"; readonly name: string; readonly message: string };

/** Message of the thread that trains, to the process around it. */
export type WorkerMessage =
  | Extract<TrainMessage, { kind: "progress" | "failure" }>
  | { readonly kind: "trained"; readonly trained: TrainedRiskModel };

/** Name of the failure of a training that needed more memory than its limit. */
export const MEMORY_FAILURE = "TrainMemoryError";
