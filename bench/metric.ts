import os from "node:os";

/** One measured figure and its gate. */
export interface Metric {
  readonly name: string;
  /** The measured value. Null when it could not be measured; `reason` is then the cause. */
  readonly value: number | null;
  /** "ratio", or the unit of an absolute figure. */
  readonly unit: string;
  /** The reference of a ratio, with version and number of threads. */
  readonly peer?: string;
  readonly gate?: number;
  readonly stretch?: number;
  readonly better: "higher" | "lower";
  /** Whether the value passes the gate; null without a gate or a value. */
  readonly holds: boolean | null;
  readonly reason?: string;
}

/** Options of a benchmark and its output while it runs. */
export interface BenchContext {
  /** Prints progress for people; never the result. */
  readonly log: (line: string) => void;
}

/** A benchmark: measures and returns its metrics. */
export type Bench = (context: BenchContext) => Promise<readonly Metric[]>;

/** Compares a measured value with its gate. */
export function metric(measured: Omit<Metric, "holds">): Metric {
  const { value, gate, better } = measured;
  const holds = value === null || gate === undefined ? null : better === "higher" ? value >= gate : value <= gate;
  return { ...measured, holds };
}

/** Formats a metric as text. */
export function metricLine({ name, value, unit, gate, stretch, peer, holds, reason }: Metric): string {
  const figure = value === null ? `not measured: ${reason}` : `${Number(value.toPrecision(4))} ${unit}`;
  const bounds = gate === undefined ? "" : `  gate ${gate}${stretch === undefined ? "" : `, stretch ${stretch}`}`;
  return `${holds === false ? "MISSED" : "      "} ${name.padEnd(35)} ${figure}${bounds}${peer === undefined ? "" : `  (${peer})`}`;
}

/** Returns the last line of a benchmark's output, as JSON. */
export function report(bench: string, metrics: readonly Metric[]): string {
  return JSON.stringify({ bench, node: process.version, cores: os.cpus().length, metrics });
}
