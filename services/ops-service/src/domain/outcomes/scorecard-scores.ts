import type { RunFeature } from "../scores/explain-score.ts";

/** The published scorecard with which weeks are compared: the newest one of the model. */
export interface Scorecard {
  readonly modelName: string;
  /** For example "v1". */
  readonly version: string;
  /** SHA-256 of its feature bundle, lower-case hex. */
  readonly bundleDigest: string;
  readonly features: readonly Pick<RunFeature, "name" | "kind">[];
}

/** A complete run with stored features that the scorecard has not scored. */
export interface UnscoredRun {
  readonly id: number;
  readonly isoWeek: string;
  readonly features: readonly RunFeature[];
  /** Number of suppliers with a score. */
  readonly suppliers: number;
}

/** The stored features of some suppliers of a run. */
export interface StoredFeatures {
  readonly chunk: number;
  readonly suppliers: Int32Array;
  readonly supplierIds: readonly string[];
  /** Row-major, suppliers × features of the run, as `StoredContributions.values`. */
  readonly values: Float32Array;
}

/** What the scorecard computes for a run. */
export interface ScorecardScores {
  readonly hasOtherFeatures: boolean;
  readonly share: number;
  readonly unknownCategories: number;
  readonly suppliers: readonly number[];
  readonly scores: readonly number[];
}

export interface ScorecardPorts {
  /** Returns the newest scorecard of a model. Null: none is published. @throws ScorecardUnavailableError */
  findScorecard(modelName: string, signal: AbortSignal): Promise<Scorecard | null>;
  /** Returns the scorecard whose scores were stored last, for the time in which the registry cannot be read. */
  findStored(modelName: string): Promise<ScorecardVersion | null>;
  /** Newest week first. */
  listUnscored(scorecard: Scorecard, limit: number): Promise<readonly UnscoredRun[]>;
  /** Reads the first chunk after `after`. @param share of the suppliers, the same ones as in a measurement. Null: there is none */
  readFeatures(run: UnscoredRun, after: number, share: number): Promise<StoredFeatures | null>;
  /** Returns the scores, NaN for a supplier without one. @throws ScorecardUnavailableError */
  score(
    scorecard: Scorecard,
    features: readonly RunFeature[],
    rows: StoredFeatures,
    signal: AbortSignal,
  ): Promise<Float64Array>;
  store(run: UnscoredRun, scorecard: Scorecard, scores: ScorecardScores): Promise<void>;
}

export type ScorecardVersion = Pick<Scorecard, "version" | "bundleDigest">;

/** With which scorecard a measurement is compared. */
export interface ScorecardStatus {
  /** Null: with none. */
  readonly scorecard: ScorecardVersion | null;
  /** Why weeks are not compared, or not all of them, in one sentence. Empty: no reason is known. */
  readonly note: string;
}

/** The scorecard cannot be read, or does not score. */
export class ScorecardUnavailableError extends Error {
  override readonly name = "ScorecardUnavailableError" as const;
}

/** Maximum number of weeks that are scored, the newest ones: as many as a measurement has. */
const MAX_WEEKS = 260;
/** Maximum number of suppliers of a week. Of more, a share is scored that is the same in each week. */
const MAX_SUPPLIERS = 50_000;

/**
 * Scores the stored features of each complete week that the newest scorecard of a model has not scored, newest week first. Weeks that are
 * stored are not scored again.
 * @param onStatus called as soon as the scorecard is known
 * @throws ScorecardUnavailableError; the reason of `signal`
 */
export async function scoreByScorecard(
  ports: ScorecardPorts,
  modelName: string,
  onStatus: (status: ScorecardStatus) => void,
  signal: AbortSignal,
): Promise<void> {
  const scorecard = await ports.findScorecard(modelName, signal);
  onStatus({ scorecard, note: scorecard === null ? `no scorecard of ${modelName} is published` : "" });
  if (scorecard === null) return;
  for (const run of await ports.listUnscored(scorecard, MAX_WEEKS)) {
    signal.throwIfAborted();
    await ports.store(run, scorecard, await scoreRun(ports, scorecard, run, signal));
  }
}

const OTHER_FEATURES: ScorecardScores = {
  ...{ hasOtherFeatures: true, share: 1, unknownCategories: 0, suppliers: [], scores: [] },
};

async function scoreRun(
  ports: ScorecardPorts,
  scorecard: Scorecard,
  run: UnscoredRun,
  signal: AbortSignal,
): Promise<ScorecardScores> {
  if (!hasSameFeatures(run.features, scorecard.features)) return OTHER_FEATURES;
  const share = run.suppliers <= MAX_SUPPLIERS ? 1 : MAX_SUPPLIERS / run.suppliers;
  const [suppliers, scores] = [[] as number[], [] as number[]];
  let unknownCategories = 0;
  for (let after = -1; ; ) {
    signal.throwIfAborted();
    const rows = await ports.readFeatures(run, after, share);
    if (rows === null) return { hasOtherFeatures: false, share, unknownCategories, suppliers, scores };
    after = rows.chunk;
    if (rows.suppliers.length === 0) continue;
    const found = await ports.score(scorecard, run.features, rows, signal);
    for (const [row, supplier] of rows.suppliers.entries()) {
      const score = found[row] ?? Number.NaN;
      if (Number.isNaN(score)) continue;
      suppliers.push(supplier);
      scores.push(score);
      if (hasUnknownCategory(run.features, rows.values, row)) unknownCategories++;
    }
  }
}

/** Whether a run has the features of the scorecard, in any order. With others, the scorecard would give points for missing values. */
function hasSameFeatures(run: Scorecard["features"], scorecard: Scorecard["features"]): boolean {
  const keys = (features: Scorecard["features"]): string =>
    JSON.stringify(features.map(({ name, kind }) => `${kind} ${name}`).toSorted());
  return keys(run) === keys(scorecard);
}

/** Whether a category of the row was not known to the version that scored it: its text is not stored. */
function hasUnknownCategory(features: readonly RunFeature[], values: Float32Array, row: number): boolean {
  return features.some(({ kind, categories }, i) => {
    const code = values[row * features.length + i] ?? Number.NaN;
    return kind === "category" && !Number.isNaN(code) && categories[code] === undefined;
  });
}
