import type { Band } from "@bellwether/contract/band-codes";
import type { Override, RunLosses } from "./run-losses.ts";

/** The state of a run. */
export type RunState = "running" | "complete" | "failed";

/** The stage of a run's work. "none": it has not begun. */
export type RunStage = "none" | "ingest" | "validate" | "score" | "drift" | "complete" | "report";

/** Number of rows per band. */
export type BandCounts = Partial<Record<Band, number>>;

/** The change in the distribution of a feature since an earlier week. psi is 0 or more. */
export interface FeatureDrift {
  readonly feature: string;
  readonly psi: number;
}

/** The model version that computed a run's scores, the same for all chunks. */
export interface ScoredBy {
  readonly name: string;
  readonly version: string;
  readonly modelDigest: string;
  readonly bundleDigest: string;
  readonly configHash: string;
  readonly runtime: string;
  readonly kernel: string;
  /** Names of the model columns, in the order of the contributions. Empty: the model has no contributions. */
  readonly columnNames: readonly string[];
  readonly baseValue: number;
  readonly outputSpace: "margin" | "probability" | "raw" | "class-margin" | "unknown";
  /** Lowest scores of the bands medium and high. Null or left out: not recorded. */
  readonly bandLimits?: { readonly medium: number; readonly high: number } | null;
}

/** A weekly run, as stored. */
export interface Run {
  readonly id: number;
  readonly isoWeek: string;
  readonly modelName: string;
  readonly state: RunState;
  readonly stage: RunStage;
  readonly fence: number;
  readonly holder: string;
  /** Id of the model's complete run of the newest earlier week. */
  readonly previousRunId: number | null;
  readonly rowsRead: number | null;
  readonly rowsRejected: number;
  readonly rowsScored: number;
  readonly rowsInvalid: number;
  readonly chunksReceived: number;
  readonly chunksTotal: number | null;
  /** Number of suppliers in each chunk but the last one. 0: not recorded. */
  readonly chunkRows: number;
  readonly inputDigest: string;
  /** SHA-256 of the content of the source files. Empty: not recorded. */
  readonly sourceDigest: string;
  /** SHA-256 of the model configuration and the mapping that the run used. Empty: not recorded. */
  readonly configHash: string;
  /** SHA-256 of the risk policy that the run was last checked against. Empty: not checked yet. */
  readonly policyHash: string;
  /** Losses of the run, compared with the risk policy. Null: not measured yet. */
  readonly losses: RunLosses | null;
  /**
   * A later week that was already complete, so that the rules were not evaluated. Empty: they were evaluated,
   * or the run is not complete.
   */
  readonly overtakenBy: string;
  /** Who allowed this week before it had begun. Null: nobody did. */
  readonly forceFuture: Override | null;
  readonly scoredBy: ScoredBy | null;
  readonly alertsRaised: number;
  readonly bands: BandCounts;
  readonly drift: readonly FeatureDrift[];
  readonly startedAt: Date;
  readonly completedAt: Date | null;
  readonly failure: string;
}

/** The right to write to a run. */
export interface RunLease {
  readonly runId: number;
  readonly fence: number;
}
