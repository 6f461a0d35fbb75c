// `npm run bench -- <name> [--json]`: runs one benchmark. The last line on stdout is one JSON object.
import { existsSync } from "node:fs";
import { readCommandLine } from "../scripts/command-line.ts";
import { compareWith } from "./against/compare.ts";
import { findCommit } from "./against/worktree.ts";
import { type Bench, metricLine, report } from "./metric.ts";

const BENCHES: Readonly<Record<string, string>> = {
  explain: "exact contributions against xgboost, shap and lightgbm",
  train: "training against xgboost and scikit-learn",
  rpc: "calls through both doors against bare servers",
  predict: "served predictions",
  batch: "batches, scored and explained",
  swap: "model swaps under load",
  startup: "cold start to first answer",
  weekly: "the weekly run",
  ops: "the system of record under load",
};

const fileOf = (name: string): URL => new URL(`./${name}.ts`, import.meta.url);
const available = Object.keys(BENCHES).filter((name) => existsSync(fileOf(name)));
/** Benchmarks are loaded by name: each module exports `bench`. */
async function loadBench(name: string): Promise<Bench> {
  const { bench }: { readonly bench: Bench } = await import(fileOf(name).href);
  return bench;
}

const { flags, options, names } = readCommandLine({
  command: "npm run bench",
  about:
    "Measures, beside the peers that this machine has (bench/peers/setup installs those from Python); its last line is one JSON object.",
  flags: { json: "keeps progress off" },
  options: {
    against: {
      value: "COMMIT",
      does: "compares the last commit with another one instead: no peers, 10 to 30 pairs in the order A B B A",
    },
  },
  names: Object.fromEntries(available.map((name) => [name, BENCHES[name] ?? ""])),
  oneName: true,
  examples: ["explain", "rpc --json", "weekly --against HEAD~1"],
  exitCodes: "1 when a gate is missed or, with --against, a metric costs more or is undecided",
});
const [name = ""] = names;
const log = flags.json ? () => undefined : (text: string) => console.log(text);
if (options.against === undefined) await measure();
else await compare(options.against);

async function measure(): Promise<void> {
  const metrics = await (await loadBench(name))({ log });
  for (const measured of metrics) log(metricLine(measured));
  console.log(report(name, metrics));
  process.exitCode = metrics.some(({ holds }) => holds === false) ? 1 : 0;
}

async function compare(commit: string): Promise<void> {
  const violation = invalidReason(commit);
  if (violation !== undefined) {
    console.error(violation);
    process.exitCode = 2;
    return;
  }
  const metrics = await compareWith(name, commit, log);
  for (const { name: metric, value, interval, verdict } of metrics)
    log(
      `${verdict.padEnd(10)}${metric.padEnd(36)}${value?.toFixed(3)}  [${interval.map((x) => x.toFixed(3)).join(", ")}]`,
    );
  console.log(report(name, metrics));
  process.exitCode = metrics.every(({ verdict }) => verdict === "passes") ? 0 : 1;
}

/** Returns why two commits cannot be compared, before anything is measured. */
function invalidReason(commit: string): string | undefined {
  if (!existsSync(new URL(`./own/${name}.ts`, import.meta.url)))
    return `${name} has no figures of its own to compare; bench/own/${name}.ts would hold them`;
  return findCommit(commit) === undefined ? `there is no commit ${commit} in this repository` : undefined;
}
