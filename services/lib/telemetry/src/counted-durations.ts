import type { Attributes, HrTime } from "@opentelemetry/api";

/** Bounds of the histograms, those of OpenTelemetry's RPC conventions, in seconds. */
export const BOUNDS_S: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The durations of one series since the first of them. */
export interface DurationSeries {
  readonly attributes: Attributes;
  readonly since: HrTime;
  /** Number of durations per bucket: one bucket up to each of `BOUNDS_S`, and one above the last bound. */
  readonly counts: readonly number[];
  readonly count: number;
  /** Sum of the durations, in seconds. */
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** A histogram with its series. */
export interface DurationHistogram {
  readonly name: string;
  readonly description: string;
  readonly series: readonly DurationSeries[];
}

/** Adds a duration to one series. */
export type RecordDuration = (durationMs: number) => void;

interface Counted extends Omit<DurationSeries, "counts" | "count" | "sum" | "min" | "max"> {
  readonly counts: number[];
  count: number;
  sum: number;
  min: number;
  max: number;
}

interface Histogram extends Omit<DurationHistogram, "series"> {
  readonly series: Counted[];
  /** The recorders by the attributes of their series. */
  readonly recorders: Map<string, RecordDuration>;
}

/**
 * All histograms of the process by name, as OpenTelemetry shares its own instruments. Those instruments cost five times
 * as much: for each metric reader they serialize the attributes of a duration to find its series.
 */
const histograms = new Map<string, Histogram>();

/**
 * Returns the recorder of the series of a histogram with these attributes. Series are never removed: the caller keeps
 * the recorder, and bounds the number of series.
 */
export function durationSeries(name: string, description: string, attributes: Attributes): RecordDuration {
  const histogram = histograms.get(name) ?? { name, description, series: [], recorders: new Map() };
  histograms.set(name, histogram);
  const key = JSON.stringify(attributes);
  const recorder = histogram.recorders.get(key) ?? addSeries(histogram, attributes);
  histogram.recorders.set(key, recorder);
  return recorder;
}

function addSeries({ series }: Histogram, attributes: Attributes): RecordDuration {
  const now = Date.now();
  const counted: Counted = {
    attributes,
    since: [Math.floor(now / 1_000), (now % 1_000) * 1_000_000],
    counts: Array.from({ length: BOUNDS_S.length + 1 }, () => 0),
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  };
  series.push(counted);
  return (durationMs) => {
    const durationS = durationMs / 1_000;
    let bucket = 0;
    while (durationS > (BOUNDS_S[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    counted.counts[bucket] = (counted.counts[bucket] ?? 0) + 1;
    counted.count++;
    counted.sum += durationS;
    if (durationS < counted.min) counted.min = durationS;
    if (durationS > counted.max) counted.max = durationS;
  };
}

/** Returns all histograms that have a series. */
export function durationHistograms(): readonly DurationHistogram[] {
  return [...histograms.values()];
}
