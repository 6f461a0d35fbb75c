import type { Band } from "@bellwether/contract/band-codes";
import type { Override, RunLosses } from "./run-losses.ts";

/** Where a run stands. */
export type RunState = "running" | "complete" | "failed";

/** What a run is doing; "none": not begun. */
export type RunStage = "none" | "ingest" | "validate" | "score" | "drift" | "complete" | "report";

/** Rows per band. */
export type BandCounts = Partial<Record<Band, number>>;

/** How far a feature has moved since an earlier week; psi is at least 0. */
export interface FeatureDrift {
  readonly feature: string;
  readonly psi: number;
}

/** What computed a run's scores: the same for all its chunks. */
export interface ScoredBy {
  readonly name: string;
  readonly version: string;
  readonly modelDigest: string;
  readonly bundleDigest: string;
  readonly configHash: string;
  readonly runtime: string;
  readonly kernel: string;
  /** The order of contributions; empty when the model explains nothing. */
  readonly columnNames: readonly string[];
  readonly baseValue: number;
  readonly outputSpace: "margin" | "probability" | "raw" | "unknown";
}

/** One row of the ledger. */
export interface Run {
  readonly id: number;
  readonly isoWeek: string;
  readonly modelName: string;
  readonly state: RunState;
  readonly stage: RunStage;
  readonly fence: number;
  readonly holder: string;
  /** The model's complete run of the latest week before. */
  readonly previousRunId: number | null;
  readonly rowsRead: number | null;
  readonly rowsRejected: number;
  readonly rowsScored: number;
  readonly rowsInvalid: number;
  readonly chunksReceived: number;
  readonly chunksTotal: number | null;
  readonly inputDigest: string;
  /** SHA-256 of the content of the source files; empty: not recorded. */
  readonly sourceDigest: string;
  /** SHA-256 of the configuration pair that the run used; empty: not recorded. */
  readonly configHash: string;
  /** SHA-256 of the risk policy that the run was last checked against; empty: not checked yet. */
  readonly policyHash: string;
  /** Null: not checked yet. */
  readonly losses: RunLosses | null;
  /** Later week that was complete before, so that the rules were not evaluated; empty: they were, or the run is not complete. */
  readonly overtakenBy: string;
  /** Who forced a week that had not begun; null: nobody. */
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
