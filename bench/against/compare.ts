import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type { Metric } from "../metric.ts";
import { type Interval, ratioInterval } from "./interval.ts";
import { judge, type Verdict } from "./judge.ts";
import { type Checkout, checkOut, hasChanges } from "./worktree.ts";

/** Number of pairs from which an interval can be computed. */
const LEAST_PAIRS = 6;
const FIRST_PAIRS = 10;
const MOST_PAIRS = 30;
/** Maximum time of one measurement, ms. It is longer than the slowest benchmark needs. */
const MEASUREMENT_TIMEOUT_MS = 10 * 60_000;

/** Ratio of a metric's cost now to its cost before, and the verdict. */
export interface ComparedMetric extends Metric {
  readonly interval: readonly [low: number, high: number];
  readonly pairs: number;
  readonly verdict: Verdict;
}

/** Measured values of one run, by metric. */
type Sample = ReadonlyMap<string, Metric>;

/**
 * Compares the last commit with another commit. Each runs its own benchmark in its own checkout, in the order
 * A B B A. Measures ten pairs, then two more at a time while a metric is undecided, up to 30, and logs the estimates
 * from the sixth pair on, so that a comparison which is ended early is not lost.
 * @returns per metric the ratio of costs (time, CPU, memory; throughput inverted), new over old
 */
export async function compareWith(
  name: string,
  commit: string,
  log: (line: string) => void,
): Promise<ComparedMetric[]> {
  if (hasChanges()) log("files differ from the last commit: those changes are not measured");
  const before = checkOut(commit, log);
  const now = checkOut("HEAD", log);
  if (before.copied) log(`${before.commit.slice(0, 9)} is older than bench/own: it is measured by the scripts of HEAD`);
  const pairs: (readonly [before: Sample, now: Sample])[] = [];
  let compared: ComparedMetric[] = [];
  while (pairs.length < MOST_PAIRS) {
    const first = await measure(name, before);
    const second = await measure(name, now);
    pairs.push([first, second]);
    const third = await measure(name, now);
    pairs.push([await measure(name, before), third]);
    if (pairs.length < LEAST_PAIRS) continue;
    compared = compare(pairs);
    const open = compared.filter(({ verdict }) => verdict === "undecided");
    const figures = compared.map(
      ({ name, value, interval }) => `${name} ${[value, ...interval].map(toText).join(" ")}`,
    );
    log(`${pairs.length} pairs (estimate, low, high): ${figures.join("; ")}`);
    if (pairs.length >= FIRST_PAIRS && open.length === 0) break;
  }
  return compared;
}

const toText = (ratio: number | null): string => (ratio === null ? "-" : ratio.toFixed(3));

async function measure(name: string, { path: folder }: Checkout): Promise<Sample> {
  const node = path.join(folder, "node_modules/.bin/node");
  const bin = path.join(folder, "node_modules/.bin");
  const { stdout } = await promisify(execFile)(node, ["bench/own/run.ts", name], {
    cwd: folder,
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` },
    timeout: MEASUREMENT_TIMEOUT_MS,
    maxBuffer: 2 ** 24,
  });
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  const { metrics }: { readonly metrics: readonly Metric[] } = JSON.parse(line);
  return new Map(metrics.map((metric) => [metric.name, metric]));
}

function compare(pairs: readonly (readonly [Sample, Sample])[]): ComparedMetric[] {
  const [[first, second] = [new Map(), new Map()]] = pairs;
  return [...second.values()]
    .filter(({ name }) => first.has(name))
    .map((metric) => {
      const ratios = pairs.map(([before, now]) => costRatio(before.get(metric.name), now.get(metric.name)));
      return toMetric(metric, ratioInterval(ratios), pairs.length);
    });
}

/**
 * Returns the cost of the new commit divided by the cost of the old one. The cost of a throughput is its
 * inverse.
 */
function costRatio(before: Metric | undefined, now: Metric | undefined): number {
  const [a, b] = [before?.value, now?.value];
  if (typeof a !== "number" || typeof b !== "number") throw new Error(`${now?.name ?? before?.name} was not measured`);
  return now?.better === "higher" ? a / b : b / a;
}

function toMetric({ name, unit }: Metric, { estimate, low, high }: Interval, pairs: number): ComparedMetric {
  const verdict = judge({ estimate, low, high });
  return {
    name,
    value: estimate,
    unit: `cost ratio (${unit})`,
    better: "lower",
    gate: 1.1,
    holds: verdict === "undecided" ? null : verdict === "passes",
    interval: [low, high],
    pairs,
    verdict,
    ...(verdict === "undecided" && { reason: `undecided after ${pairs} pairs` }),
  };
}
