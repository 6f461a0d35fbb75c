import type { DriftPolicy } from "@bellwether/config/risk-policy";
import { compareWeek, type WeekValues } from "@bellwether/drift/compare/compare-week";
import { profileWeek, type TrainingProfile } from "@bellwether/drift/profile/training-profile";
import type { SnapshotSample } from "@bellwether/ingest/snapshot/snapshot-sample";
import { driftNotes } from "./drift-notes.ts";
import type { DriftRecord, EarlierWeek, WeekDrift } from "./week-drift.ts";
import type { WeekFiles } from "./weekly-ports.ts";

/** What the comparison of a week needs. */
export interface DriftDeps {
  readonly driftPolicy: DriftPolicy;
  /** Whether the policy is that of a file; if not, it is the default. */
  readonly hasPolicyFile: boolean;
  /** Reads the features of about this number of suppliers, the same ones in every week. */
  readSample(parquet: string, suppliers: number, signal: AbortSignal): Promise<SnapshotSample>;
  /** Whether the ledger has a complete run of the week. */
  isComplete(week: string): Promise<boolean>;
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
  const earlier = await findPrevious(deps, files);
  return { earlier, previous: earlier === null ? null : await readPrevious(deps, earlier, signal) };
}

/**
 * Compares the week with the training data and with the previous complete week, supplier by supplier, and stores what
 * the next week needs. @throws the errors of the files
 */
export async function measureDrift(
  deps: Omit<DriftDeps, "isComplete">,
  files: WeekFiles,
  task: DriftTask,
  { earlier, previous }: PreviousWeek,
): Promise<WeekDrift> {
  const { driftPolicy, readSample } = deps;
  const { scores, signal, training, version } = task;
  const sample = await readSample(files.snapshotPath, DRIFT_SUPPLIERS, signal);
  const present = { ...sample, scores: Float64Array.from(sample.rowNumbers, (row) => scores[row] ?? Number.NaN) };
  const comparisons = compareWeek(present, { training, ...previous }, driftPolicy);
  const notes = driftNotes(comparisons, {
    ...{ version, policy: driftPolicy, hasTraining: training !== null },
    ...{ previousWeek: earlier?.week ?? null, isPaired: previous?.previous !== null },
    ...{ hasPrevious: previous !== null, hasPolicyFile: deps.hasPolicyFile },
    ...{ suppliers: sample.snapshotRows, compared: sample.supplierIds.length },
    features: [...sample.numbers.keys(), ...sample.categories.keys()],
  });
  const previousWeek = previous === null ? "" : (earlier?.week ?? "");
  await files.writeDrift(recordOf(task.digest, present, { comparisons, previousWeek, notes }));
  return { comparisons, previousWeek, notes };
}

/** Returns the newest earlier week that is complete in the ledger and has files here. Null: there is none. */
async function findPrevious({ isComplete }: DriftDeps, files: WeekFiles): Promise<EarlierWeek | null> {
  for (const earlier of await files.earlierWeeks()) if (await isComplete(earlier.week)) return earlier;
  return null;
}

/** Reads the suppliers of the previous week; without its snapshot, only its distributions. Null: it has neither. */
async function readPrevious(
  { readSample }: DriftDeps,
  earlier: EarlierWeek,
  signal: AbortSignal,
): Promise<PreviousWeek["previous"]> {
  const record = await earlier.readDrift();
  if (!(await earlier.hasSnapshot())) return record && { previous: null, previousProfile: record.profile };
  const sample = await readSample(earlier.snapshotPath, DRIFT_SUPPLIERS, signal);
  // Scores are stored in the order of the sample. A week of an earlier release has none.
  const isSame = record?.scores.length === sample.supplierIds.length;
  const scores = record && isSame ? Float64Array.from(record.scores, (score) => score ?? Number.NaN) : null;
  return { previous: { ...sample, scores }, previousProfile: null };
}

function recordOf(digest: string, present: WeekValues, drift: WeekDrift): DriftRecord {
  return {
    ...{ format: 1, digest, notes: drift.notes, previousWeek: drift.previousWeek },
    scores: Array.from(present.scores ?? [], (score) => (Number.isNaN(score) ? null : score)),
    profile: profileWeek(present.numbers, present.categories, present.scores),
  };
}
