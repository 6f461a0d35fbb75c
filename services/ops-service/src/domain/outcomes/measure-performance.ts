import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { compareSegments, type SegmentQuality } from "@bellwether/drift/quality/compare-segments";
import { selectRows } from "@bellwether/drift/quality/labelled-rows";
import { measureQuality, type Quality } from "@bellwether/drift/quality/measure-quality";
import type { SetScope } from "../alerts/evaluate-rules.ts";
import { createRows, type Selected } from "./collect-rows.ts";
import { type Coverage, type Day, type LabelSources, labelWeek, type WeekLabels } from "./label-week.ts";
import type { RuleLimits } from "./rule-limits.ts";
import type { RunScores } from "./run-scores.ts";
import type { ScorecardVersion } from "./scorecard-scores.ts";

/** What is measured. */
export interface PerformanceTask {
  readonly modelName: string;
  readonly fromWeek: string;
  readonly toWeek: string;
  /** The day on which outcomes had to be known, ISO date. */
  readonly knownOn: string;
  readonly outcomes: OutcomeSpec;
  /** The rule sets of which one at most applies to a supplier, by region and category in the run. */
  readonly ruleSets: readonly RuleLimits[];
  /** Number of suppliers that are examined in a week, whatever their rule set. Null: the capacity of each set. */
  readonly capacity: number | null;
  /** The scorecard with which the scores are compared. Null: with none. */
  readonly scorecard: ScorecardVersion | null;
}

/** Where the scores of the scorecard come from, or why a week has none. */
export type ScorecardSource = "run" | "stored_features" | "pending" | "no_features" | "other_features";

/** The scorecard in one week. */
export interface WeekScorecard {
  readonly source: ScorecardSource;
  /** Number of suppliers with a score of the scorecard. */
  readonly scored: number;
  /** Number of these suppliers with a category whose text the run has not stored. */
  readonly unknownCategories: number;
}

/** A complete run of a week. */
export interface MeasuredRun {
  readonly id: number;
  readonly isoWeek: string;
  /** Empty: not recorded. */
  readonly modelVersion: string;
  /** Number of suppliers with a score. */
  readonly scored: number;
  readonly completedMs: number;
  readonly reviewed: ReadonlySet<number>;
  readonly frame: number;
  /** Null: the weeks are compared with no scorecard. */
  readonly scorecard: (WeekScorecard & { readonly isWhole: boolean }) | null;
}

/** The suppliers with the highest scores of those in a scope. Scope null: of all suppliers. */
export interface WantedCut {
  readonly capacity: number;
  readonly scope: SetScope | null;
}

/** The k-th highest score of a week, and how many suppliers have it. */
export interface CapacityCut {
  readonly score: number;
  /** Number of suppliers with a higher score, and with this one. */
  readonly above: number;
  readonly tied: number;
}

/** Reads what a measurement needs. */
export interface PerformanceReader {
  /** Complete runs of the weeks with their scores, newest first, at most `limit`, and how many more there are. */
  runs(
    task: PerformanceTask,
    limit: number,
  ): Promise<{ readonly runs: readonly MeasuredRun[]; readonly leftOut: number }>;
  sources(task: PerformanceTask, runs: readonly MeasuredRun[]): Promise<LabelSources>;
  /** @param which these suppliers, or a random share of all suppliers that is the same in each run */
  scores(run: MeasuredRun, which: { readonly suppliers: Int32Array } | { readonly share: number }): Promise<RunScores>;
  /**
   * Returns the cuts of all runs, one element a run and one a wanted cut. Undefined: the scope has fewer suppliers than the capacity.
   * @param by whose scores decide
   */
  capacityCuts(
    runs: readonly MeasuredRun[],
    wanted: readonly WantedCut[],
    by: "model" | "scorecard",
  ): Promise<readonly (readonly (CapacityCut | undefined)[])[]>;
}

export interface WeekReport {
  readonly isoWeek: string;
  readonly modelVersion: string;
  readonly quality: Quality;
  readonly coverage: Coverage;
  readonly scorecard: WeekScorecard | null;
}

export interface VersionReport {
  readonly modelVersion: string;
  readonly firstWeek: string;
  readonly lastWeek: string;
  readonly quality: Quality;
}

export interface PerformanceReport {
  readonly overall: Quality;
  /** Oldest first. */
  readonly weeks: readonly WeekReport[];
  readonly versions: readonly VersionReport[];
  readonly segments: readonly SegmentQuality[];
  readonly segmentsLeftOut: number;
  /** Days from the events to the day on which they were known, in ascending order. */
  readonly delay: { readonly events: number; readonly medianDays: number | null; readonly p90Days: number | null };
  readonly measuredShare: number;
  readonly weeksLeftOut: number;
  readonly isWeighted: boolean;
}

/** Maximum number of weeks. */
const MAX_WEEKS = 260;
/** Maximum number of rows of all weeks together. */
const MAX_ROWS = 100_000;
const MAX_SEGMENTS = 20;
const DAY_MS = 86_400_000;

/** Returns the days since 1970 of an ISO date. */
export const dayNumber = (date: string): Day => Date.parse(`${date}T00:00:00Z`) / DAY_MS;

/** Compares the scores of complete weeks with what is known about their outcomes. */
export async function measurePerformance(task: PerformanceTask, reader: PerformanceReader): Promise<PerformanceReport> {
  const { outcomes } = task;
  const { runs: newest, leftOut } = await reader.runs(task, MAX_WEEKS);
  const runs = newest.toReversed();
  const sources = await reader.sources(task, runs);
  const rules = { ...outcomes, knownOn: dayNumber(task.knownOn) };
  const whole = outcomes.completeAfterDays === null ? null : shareOf(runs, task);
  const known = suppliersWithOutcome(sources);
  const labelled = randomPart(known, Math.floor(MAX_ROWS / Math.max(1, runs.length)));
  const builder = createRows(task.ruleSets, task.scorecard !== null);
  const weeks: {
    readonly run: MeasuredRun;
    readonly labels: WeekLabels;
    readonly from: number;
    readonly to: number;
  }[] = [];
  const selections = await readSelections(reader, runs, task, "model");
  const references = await readSelections(reader, runs, task, "scorecard");
  for (const [week, run] of runs.entries()) {
    const scores = await reader.scores(run, whole === null ? { suppliers: labelled } : { share: whole });
    const end = dayNumber(isoWeekEnd(run.isoWeek));
    const labels = labelWeek({ ...run, end, suppliers: scores.suppliers }, sources, rules);
    const from = builder.length();
    builder.add(end, scores, labels, { model: selections[week] ?? [], scorecard: references[week] ?? null });
    weeks.push({ run, labels, from, to: builder.length() });
  }
  const { rows, segments } = builder.finish();
  const part = (positions: Iterable<number>): Quality =>
    measureQuality(selectRows(rows, Uint32Array.from(positions)), BY_FLAGS);
  const compared = compareSegments(rows, segments, { threshold: BY_FLAGS, maxSegments: MAX_SEGMENTS });
  return {
    overall: measureQuality(rows, BY_FLAGS),
    weeks: weeks.map(({ run: { isoWeek, modelVersion, scorecard }, labels, from, to }) => ({
      ...{ isoWeek, modelVersion, coverage: labels.coverage, scorecard },
      quality: part(range(from, to)),
    })),
    versions: [
      ...Map.groupBy(
        weeks.filter(({ from, to }) => to > from),
        ({ run }) => run.modelVersion,
      ),
    ].map(([modelVersion, own]) => ({
      modelVersion,
      firstWeek: own[0]?.run.isoWeek ?? "",
      lastWeek: own.at(-1)?.run.isoWeek ?? "",
      quality: part(own.flatMap(({ from, to }) => range(from, to))),
    })),
    segments: compared.segments,
    segmentsLeftOut: Object.values(compared.leftOut).reduce((sum, count) => sum + count, 0),
    delay: delayOf(sources, rules.knownOn),
    measuredShare: whole ?? (known.length === 0 ? 1 : labelled.length / known.length),
    weeksLeftOut: leftOut,
    isWeighted: weeks.some(({ labels }) => labels.isWeighted),
  };
}

/** The threshold of measurements: not used, because the rows have flags. */
const BY_FLAGS = 1;

/**
 * Returns which suppliers of each week are examined: by rule set, or the only selection for all. Null: the suppliers with the highest
 * scores of the week are not known.
 */
async function readSelections(
  reader: PerformanceReader,
  runs: readonly MeasuredRun[],
  { ruleSets, capacity, scorecard }: PerformanceTask,
  by: "model" | "scorecard",
): Promise<readonly (readonly Selected[] | null)[]> {
  const isKnown = (run: MeasuredRun): boolean => by === "model" || run.scorecard?.isWhole === true;
  if (by === "scorecard" && scorecard === null) return [];
  const sets: readonly WantedCut[] = capacity === null ? ruleSets : [{ capacity, scope: null }];
  const wanted = sets.filter((set) => set.capacity > 0);
  const known = runs.filter(isKnown);
  const cuts = new Map((await reader.capacityCuts(known, wanted, by)).map((found, i) => [known[i]?.id, found]));
  const selectionOf = (found: readonly (CapacityCut | undefined)[], set: WantedCut): Selected => {
    if (set.capacity === 0) return "none";
    const cut = found[wanted.indexOf(set)];
    return cut === undefined ? "all" : { score: cut.score, share: Math.min(1, (set.capacity - cut.above) / cut.tied) };
  };
  return runs.map((run) => {
    const found = cuts.get(run.id);
    if (found === undefined) return null;
    const selections = sets.map((set) => selectionOf(found, set));
    return capacity === null ? selections : ruleSets.map(() => selections[0] ?? "none");
  });
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Returns the share of the suppliers with which the weeks whose horizon is over have at most MAX_ROWS rows. */
function shareOf(runs: readonly MeasuredRun[], { outcomes, knownOn }: PerformanceTask): number {
  const days = outcomes.horizonDays + (outcomes.completeAfterDays ?? 0);
  const over = runs.filter(({ isoWeek }) => dayNumber(isoWeekEnd(isoWeek)) + days <= dayNumber(knownOn));
  const all = over.reduce((sum, { scored }) => sum + scored, 0);
  return all <= MAX_ROWS ? 1 : MAX_ROWS / all;
}

/** Returns the suppliers about which anything is known. */
function suppliersWithOutcome({ events, records, dispositions }: LabelSources): Int32Array {
  const known = new Set([...events.keys(), ...dispositions.keys()]);
  for (const ofWeek of records.values()) for (const supplier of ofWeek.keys()) known.add(supplier);
  return Int32Array.from(known).sort();
}

/** Returns at most `most` of the suppliers, in an order that does not follow from their numbers. */
function randomPart(suppliers: Int32Array, most: number): Int32Array {
  if (suppliers.length <= most) return suppliers;
  // Knuth's multiplicative hash spreads successive numbers over all 32 bits.
  const mixed = (supplier: number): number => Math.imul(supplier, 0x9e3779b1) >>> 0;
  return suppliers.toSorted((a, b) => mixed(a) - mixed(b)).slice(0, most);
}

function delayOf({ events }: LabelSources, knownOn: Day): PerformanceReport["delay"] {
  const days = [...events.values()]
    .flat()
    .filter(({ known }) => known <= knownOn)
    .map(({ happened, known }) => known - happened)
    .sort((a, b) => a - b);
  const at = (share: number): number | null => days[Math.min(days.length - 1, Math.floor(share * days.length))] ?? null;
  return { events: days.length, medianDays: at(0.5), p90Days: at(0.9) };
}
