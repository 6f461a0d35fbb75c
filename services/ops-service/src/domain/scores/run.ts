import type { Band } from "@bellwether/contract/band-codes";
import type { Check } from "@bellwether/plausibility/check";
import type { Override, RunLosses } from "../run-losses.ts";
import type { FeatureDrift } from "./run-drift.ts";

/** The state of a run, as RunState of the contract describes it. */
export type RunState = "running" | "complete" | "failed" | "held" | "missed" | "voided" | "superseded";

/** A person's decision about a run. */
export interface RunDecision extends Override {
  /** When it was decided, ms since 1970. */
  readonly decidedMs: number;
}

/** Ids of alerts, with their number. */
export interface AlertIds {
  readonly count: number;
  /** The first 100 ids in ascending order. */
  readonly ids: readonly string[];
}

/** What a revision of a week changed against the revision that it supersedes. */
export interface RevisionChanges extends ScoreComparison {
  /** Alerts that are active after this revision, and were not after the superseded one. */
  readonly alertsRaised: AlertIds;
  readonly alertsCleared: AlertIds;
  /** Alerts that are active after both revisions, with another severity. */
  readonly alertsChanged: AlertIds;
}

/** Two runs, compared by supplier. Suppliers without a score count as the others. */
export interface ScoreComparison {
  /** Suppliers in both runs. */
  readonly suppliers: number;
  /** Also scores that only one of the runs has. */
  readonly scoresChanged: number;
  /** The largest |change| of a score, in [0, 1]. */
  readonly maxScoreChange: number;
  readonly bandsChanged: number;
  /** Suppliers in the later run only. */
  readonly suppliersAdded: number;
  readonly suppliersRemoved: number;
}

/** The stage of a run's work. "none": it has not begun. */
export type RunStage = "none" | "ingest" | "validate" | "score" | "drift" | "complete" | "report";

/** Number of rows per band. */
export type BandCounts = Partial<Record<Band, number>>;

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
  /** The alert rule sets that were evaluated. Empty: none yet, or completed by an earlier release. */
  readonly ruleSets: readonly RuleSetRef[];
  /** Losses of the run, compared with the risk policy. Null: not measured yet. */
  readonly losses: RunLosses | null;
  /**
   * A later week that was already complete, so the rules were not evaluated. Empty: the rules were evaluated, or the
   * run is not complete.
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
  /** Number of the run among the runs of its week and model, from 1. */
  readonly revision: number;
  /** Checks of the input, in the order of `orderChecks`. */
  readonly checks: readonly Check[];
  readonly checksFailed: number;
  /** Who approved the run although checks failed. Null: nobody. */
  readonly approved: RunDecision | null;
  readonly voided: RunDecision | null;
  /** Who asked for a new revision of the week. Null: nobody, or the run is not complete. */
  readonly supersedeRequested: RunDecision | null;
  readonly supersedesRunId: number | null;
  readonly supersededByRunId: number | null;
  readonly changes: RevisionChanges | null;
  /** The day of which the input is a snapshot, as an ISO date. Empty: not recorded. */
  readonly asOf: string;
  /** Why the week was recorded as missed. Empty: it was not. */
  readonly missedReason: string;
  /** Digest of the mapped rows, in any order. Empty: not recorded. */
  readonly contentDigest: string;
  /** The objects of an object store that were read. Empty: the input is a file, or is not read yet. */
  readonly inputObjects: readonly InputObject[];
}

/** One object of an object store, with the content that it had when it was read. */
export interface InputObject {
  readonly url: string;
  readonly etag: string;
  readonly bytes: number;
}

/** The right to write to a run. */
export interface RunLease {
  readonly runId: number;
  readonly fence: number;
}

/** A rule set that a run evaluated. */
export interface RuleSetRef {
  readonly id: string;
  /** SHA-256, lower-case hex. */
  readonly hash: string;
}
