import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { compareSegments, type SegmentQuality } from "@bellwether/drift/quality/compare-segments";
import { type LabelledRows, selectRows } from "@bellwether/drift/quality/labelled-rows";
import { measureQuality, type Quality } from "@bellwether/drift/quality/measure-quality";
import { type Coverage, type Day, type LabelSources, labelWeek, type WeekLabels } from "./label-week.ts";

/** What is measured. */
export interface PerformanceTask {
  readonly modelName: string;
  readonly fromWeek: string;
  readonly toWeek: string;
  /** The day on which outcomes had to be known, ISO date. */
  readonly knownOn: string;
  readonly outcomes: OutcomeSpec;
  /** Score from which the rules raise an alert. */
  readonly threshold: number;
  /** Number of suppliers that are examined in a week. */
  readonly capacity: number;
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
}

/** The k-th highest score of a week, and how many suppliers have it. */
export interface CapacityCut {
  readonly score: number;
  /** Number of suppliers with a higher score, and with this one. */
  readonly above: number;
  readonly tied: number;
}

/** Scores of suppliers in one run. All arrays have one element a supplier. */
export interface RunScores {
  readonly suppliers: Int32Array;
  readonly scores: Float64Array;
  readonly regions: readonly string[];
  readonly categories: readonly string[];
  /** NaN: not known. */
  readonly exposures: Float64Array;
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
  /** Undefined: the run has fewer suppliers than `capacity`. */
  capacityCut(run: MeasuredRun, capacity: number): Promise<CapacityCut | undefined>;
}

export interface WeekReport {
  readonly isoWeek: string;
  readonly modelVersion: string;
  readonly quality: Quality;
  readonly coverage: Coverage;
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
  const { outcomes, threshold } = task;
  const { runs: newest, leftOut } = await reader.runs(task, MAX_WEEKS);
  const runs = newest.toReversed();
  const sources = await reader.sources(task, runs);
  const rules = { ...outcomes, knownOn: dayNumber(task.knownOn) };
  const whole = outcomes.completeAfterDays === null ? null : shareOf(runs, task);
  const known = suppliersWithOutcome(sources);
  const labelled = randomPart(known, Math.floor(MAX_ROWS / Math.max(1, runs.length)));
  const builder = createRows();
  const weeks: {
    readonly run: MeasuredRun;
    readonly labels: WeekLabels;
    readonly from: number;
    readonly to: number;
  }[] = [];
  for (const run of runs) {
    const scores = await reader.scores(run, whole === null ? { suppliers: labelled } : { share: whole });
    const cut = await reader.capacityCut(run, task.capacity);
    const end = dayNumber(isoWeekEnd(run.isoWeek));
    const labels = labelWeek({ ...run, end, suppliers: scores.suppliers }, sources, rules);
    const from = builder.length();
    builder.add(
      end,
      scores,
      labels,
      cut && { score: cut.score, share: Math.min(1, (task.capacity - cut.above) / cut.tied) },
    );
    weeks.push({ run, labels, from, to: builder.length() });
  }
  const { rows, segments } = builder.finish();
  const part = (positions: Iterable<number>): Quality =>
    measureQuality(selectRows(rows, Uint32Array.from(positions)), threshold);
  const compared = compareSegments(rows, segments, { threshold, maxSegments: MAX_SEGMENTS });
  return {
    overall: measureQuality(rows, threshold),
    weeks: weeks.map(({ run: { isoWeek, modelVersion }, labels, from, to }) => ({
      ...{ isoWeek, modelVersion, coverage: labels.coverage },
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

/** Collects the rows of all weeks, oldest week first. */
function createRows() {
  const columns = {
    scores: [] as number[],
    labels: [] as number[],
    weights: [] as number[],
    suppliers: [] as number[],
  };
  const further = { capacityShares: [] as number[], baseRates: [] as number[], lastLabels: [] as number[] };
  const [regions, categories, exposures] = [[] as string[], [] as string[], [] as number[]];
  /** The labels of each supplier, oldest week first. */
  const labelsOf = new Map<number, { readonly known: Day; readonly label: number }[]>();
  /** Weight of all labels, and of the positive ones, by the day from which they were known. */
  const byDay = new Map<Day, { all: number; positive: number }>();
  return {
    length: () => columns.scores.length,
    add(end: Day, scores: RunScores, { positions, labels, weights, known }: WeekLabels, cut: Cut | undefined): void {
      const baseRate = baseRateOn(byDay, end);
      for (const [k, position] of positions.entries()) {
        const supplier = scores.suppliers[position] ?? -1;
        const score = scores.scores[position] ?? Number.NaN;
        columns.scores.push(score);
        columns.labels.push(labels[k] ?? 0);
        columns.weights.push(weights[k] ?? 1);
        columns.suppliers.push(supplier);
        further.capacityShares.push(capacityShare(score, cut));
        further.baseRates.push(baseRate);
        further.lastLabels.push(labelsOf.get(supplier)?.findLast((label) => label.known <= end)?.label ?? -1);
        regions.push(scores.regions[position] ?? "");
        categories.push(scores.categories[position] ?? "");
        exposures.push(scores.exposures[position] ?? Number.NaN);
      }
      for (const [k, position] of positions.entries()) {
        const [supplier, label, day, weight] = [
          scores.suppliers[position] ?? -1,
          labels[k] ?? 0,
          known[k] ?? 0,
          weights[k] ?? 1,
        ];
        const own = labelsOf.get(supplier);
        if (own) own.push({ known: day, label });
        else labelsOf.set(supplier, [{ known: day, label }]);
        const sums = byDay.get(day) ?? { all: 0, positive: 0 };
        byDay.set(day, { all: sums.all + weight, positive: sums.positive + weight * label });
      }
    },
    finish() {
      const numbers = new Map<number, number>();
      const clusterOf = Uint32Array.from(columns.suppliers, (supplier) => {
        const known = numbers.get(supplier) ?? numbers.size;
        numbers.set(supplier, known);
        return known;
      });
      const rows: LabelledRows = {
        scores: Float64Array.from(columns.scores),
        labels: Uint8Array.from(columns.labels),
        weights: Float64Array.from(columns.weights),
        ...{ clusterOf, clusters: numbers.size },
        capacityShares: Float64Array.from(further.capacityShares),
        baseRates: Float64Array.from(further.baseRates),
        lastLabels: Int8Array.from(further.lastLabels),
      };
      const segments = [
        { name: "region", segmentOf: regions },
        { name: "category", segmentOf: categories },
        { name: "size", segmentOf: sizesOf(exposures) },
      ];
      return { rows, segments };
    },
  };
}

/** Returns the share of positives among the labels that were known on a day. NaN: there were none. */
function baseRateOn(byDay: ReadonlyMap<Day, { readonly all: number; readonly positive: number }>, day: Day): number {
  let [all, positive] = [0, 0];
  for (const [known, sums] of byDay) {
    if (known > day) continue;
    all += sums.all;
    positive += sums.positive;
  }
  return all > 0 ? positive / all : Number.NaN;
}

/** The score of the k-th place, and the share of a place that each supplier with this score has. */
interface Cut {
  readonly score: number;
  readonly share: number;
}

/** Returns the share of a supplier that is among the k highest scores. @param cut undefined: all are */
function capacityShare(score: number, cut: Cut | undefined): number {
  if (cut === undefined || score > cut.score) return 1;
  return score < cut.score ? 0 : cut.share;
}

/** Returns the third of the known exposures in which each one is. */
function sizesOf(exposures: readonly number[]): string[] {
  const known = exposures.filter((exposure) => !Number.isNaN(exposure)).sort((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [1 / 3, 2 / 3].map((share) => known[Math.floor(share * known.length)]);
  return exposures.map((exposure) =>
    Number.isNaN(exposure) ? "" : exposure < low ? "small" : exposure < high ? "medium" : "large",
  );
}
