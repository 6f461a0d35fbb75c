import type { DriftPolicy } from "@bellwether/config/risk-policy";
import { compareWeek, type WeekValues } from "@bellwether/drift/compare/compare-week";
import { createSorter, type Sorter } from "@bellwether/drift/profile/numeric-profile";
import { profileWeek, type TrainingProfile } from "@bellwether/drift/profile/training-profile";
import type { SnapshotSample } from "@bellwether/ingest/snapshot/snapshot-sample";
import { driftNotes } from "./drift-notes.ts";
import type { DriftRecord, EarlierWeek, WeekDrift } from "./week-drift.ts";
import type { WeekFiles } from "./weekly-ports.ts";

/** What the comparison of a week needs. */
export interface DriftDeps {
  readonly driftPolicy: DriftPolicy;
  /** Whether the policy is from a file. False: it is the default policy. */
  readonly hasPolicyFile: boolean;
  /** Reads the features of about this number of suppliers, the same ones in every week. */
  readSample(parquet: string, suppliers: number, signal: AbortSignal): Promise<SnapshotSample>;
  /** Returns the digest of the snapshot of a complete week; empty when not known. Null: the week is not complete. */
  completeInput(week: string): Promise<string | null>;
}

/** The week that is compared. */
export interface DriftTask {
  /** Calibrated score of each row of the snapshot; NaN = none. */
  readonly scores: Float64Array;
  /** Digest of the snapshot, lower-case hex. */
  readonly digest: string;
  /** Name of the model version. */
  readonly version: string;
  readonly training: TrainingProfile | null;
  /** Warnings about the input that are stored with the comparison. */
  readonly inputWarnings?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Number of suppliers that are compared. Chance then moves the mean of independent samples by 0.014 standard deviations,
 * a seventh of the smallest change that matters, so that more suppliers would not find more.
 */
export const DRIFT_SUPPLIERS = 10_000;

/** The week with which a week is compared. Both are null when there is none. */
export interface PreviousWeek {
  readonly earlier: EarlierWeek | null;
  /** Null: nothing is known of the earlier week. */
  readonly previous: { readonly previous: WeekValues | null; readonly previousProfile: TrainingProfile | null } | null;
}

/** Reads the previous complete week of a week. @throws the errors of the ledger and of the files */
export async function readPreviousWeek(deps: DriftDeps, files: WeekFiles, signal: AbortSignal): Promise<PreviousWeek> {
  const found = await findPrevious(deps, files);
  if (found === null) return { earlier: null, previous: null };
  return { earlier: found.earlier, previous: await readPrevious(deps, found, signal) };
}

/**
 * Compares the week with the training data and with the previous complete week, supplier by supplier, and stores what
 * the next week needs. @throws the errors of the files
 */
export async function measureDrift(
  deps: Omit<DriftDeps, "completeInput">,
  files: WeekFiles,
  task: DriftTask,
  { earlier, previous }: PreviousWeek,
): Promise<WeekDrift> {
  const { driftPolicy, readSample } = deps;
  const { scores, signal, training, version } = task;
  const sample = await readSample(files.snapshotPath, DRIFT_SUPPLIERS, signal);
  const present = { ...sample, scores: Float64Array.from(sample.rowNumbers, (row) => scores[row] ?? Number.NaN) };
  const sortedOf = createSorter();
  const comparisons = compareWeek(present, { training, ...previous }, driftPolicy, sortedOf);
  const notes = driftNotes(comparisons, {
    ...{ version, policy: driftPolicy, hasTraining: training !== null },
    ...{ previousWeek: earlier?.week ?? null, isPaired: previous?.previous !== null },
    ...{ hasPrevious: previous !== null, hasPolicyFile: deps.hasPolicyFile },
    ...{ suppliers: sample.snapshotRows, compared: sample.supplierIds.length },
    features: [...sample.numbers.keys(), ...sample.categories.keys()],
  });
  const previousWeek = previous === null ? "" : (earlier?.week ?? "");
  const { inputWarnings = [] } = task;
  const drift = { comparisons, previousWeek, notes, inputWarnings };
  await files.writeDrift(recordOf(task.digest, present, drift, sortedOf));
  return drift;
}

/** An earlier week that is complete, with the digest of the snapshot of its complete run; empty: not known. */
interface CompleteWeek {
  readonly earlier: EarlierWeek;
  readonly digest: string;
}

/** Returns the newest earlier week that is complete in the ledger and has files here. Null: there is none. */
async function findPrevious({ completeInput }: DriftDeps, files: WeekFiles): Promise<CompleteWeek | null> {
  for (const earlier of await files.earlierWeeks()) {
    const digest = await completeInput(earlier.week);
    if (digest !== null) return { earlier, digest };
  }
  return null;
}

/**
 * Reads the suppliers of the previous week, or, without its snapshot, only its distributions. Null: neither is
 * stored. Files of a revision that was not published, for example because it was voided, are not used.
 */
async function readPrevious(
  { readSample }: DriftDeps,
  { earlier, digest }: CompleteWeek,
  signal: AbortSignal,
): Promise<PreviousWeek["previous"]> {
  const stored = await earlier.readDrift();
  const record = stored !== null && (digest === "" || stored.digest === digest) ? stored : null;
  const hasSnapshot = (await earlier.hasSnapshot()) && (digest === "" || (await earlier.snapshotDigest()) === digest);
  if (!hasSnapshot) return record && { previous: null, previousProfile: record.profile };
  const sample = await readSample(earlier.snapshotPath, DRIFT_SUPPLIERS, signal);
  // Scores are stored in the order of the sample. A week of an earlier release has none.
  const isSame = record?.scores.length === sample.supplierIds.length;
  const scores = record && isSame ? Float64Array.from(record.scores, (score) => score ?? Number.NaN) : null;
  return { previous: { ...sample, scores }, previousProfile: null };
}

function recordOf(digest: string, present: WeekValues, drift: WeekDrift, sortedOf: Sorter): DriftRecord {
  return {
    ...{ format: 1, digest, notes: drift.notes, previousWeek: drift.previousWeek },
    ...(drift.inputWarnings && { inputWarnings: drift.inputWarnings }),
    scores: Array.from(present.scores ?? [], (score) => (Number.isNaN(score) ? null : score)),
    profile: profileWeek(present.numbers, present.categories, present.scores, sortedOf),
  };
}
