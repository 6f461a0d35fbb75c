import type { DriftComparison } from "@bellwether/drift/compare/compare-week";
import type { TrainingProfile } from "@bellwether/drift/profile/training-profile";

/** Drift of a week, with what it was compared with. */
export interface WeekDrift {
  /** Alarms first, then by the size of the change. */
  readonly comparisons: readonly DriftComparison[];
  /** ISO week of the previous week. Empty: there is none. */
  readonly previousWeek: string;
  /** Remarks for people, one sentence each, without values of the data. */
  readonly notes: readonly string[];
  /** Warnings about the input that need the week before, and were found when the week was run. Undefined: not stored. */
  readonly inputWarnings?: readonly string[];
}

/** What a week stores about its drift: for its report, and for the comparison with the next week. */
export interface DriftRecord {
  readonly format: 1;
  /** Digest of the snapshot that was compared, lower-case hex. */
  readonly digest: string;
  readonly notes: readonly string[];
  /** Undefined: a week of an earlier release. */
  readonly inputWarnings?: readonly string[];
  /** ISO week with which the week was compared. Empty: none. */
  readonly previousWeek: string;
  /** Score of each supplier of the sample of the snapshot, in its order. Null: none. */
  readonly scores: readonly (number | null)[];
  readonly profile: TrainingProfile;
}

/** An earlier week with a report. */
export interface EarlierWeek {
  readonly week: string;
  readonly snapshotPath: string;
  hasSnapshot(): Promise<boolean>;
  /** Returns the digest of the snapshot as its ingest recorded it, lower-case hex. Null: there is no record. */
  snapshotDigest(): Promise<string | null>;
  /** Null: a week of an earlier release. */
  readDrift(): Promise<DriftRecord | null>;
}
