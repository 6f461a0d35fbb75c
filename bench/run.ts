// `npm run bench -- <name> [--json]`: runs one benchmark. The last line on stdout is one JSON object.
import { existsSync } from "node:fs";
import { readCommandLine } from "../scripts/command-line.ts";
import { compareWith } from "./against/compare.ts";
import { findCommit } from "./against/worktree.ts";
import { type Bench, metricLine, report } from "./metric.ts";

const BENCHES: Readonly<Record<string, string>> = {
  explain: "exact contributions compared with xgboost, shap and lightgbm",
  train: "training compared with xgboost and scikit-learn",
  rpc: "calls through both listeners compared with plain grpc-js and connect-node",
  predict: "predictions of ml-service",
  sinks: "predictions while calls are recorded to Kafka, compared with ops-service and with no record",
  "python-client": "a DataFrame that the Python client scores and explains, compared with the same calls without it",
  batch: "batches that are scored and explained",
  swap: "change of the champion under load",
  startup: "time from a cold start to the first answer",
  weekly: "the weekly run",
  ingest: "reading a weekly file of a million suppliers: time, processor and memory of the process that reads",
  ops: "ops-service under load",
  audit: "the audit log: changes by a superuser that are found, verification, and what recording of calls costs",
  replay: "recorded decisions of 20 model versions that are computed again, bit for bit",
  backtest: "an alert rule that is tested on 53 weeks of 100,000 suppliers",
  session: "calls of a signed-in person compared with calls with a token",
  counterfactual: "the smallest changes that lower a band",
  comparison: "intervals of the comparison of two versions in simulations",
  retrain: "memory of a retrain of 200,000 rows, and predictions while it runs on the same machine",
  shadow: "predictions while the challenger scores a share of the suppliers",
  drift: "drift alarms in simulated weeks, with and without drift, compared with Evidently",
  "counterfactual-proof": "counterfactuals of three changes compared with an exhaustive search",
};

const fileOf = (name: string): URL => new URL(`./${name}.ts`, import.meta.url);
const available = Object.keys(BENCHES).filter((name) => existsSync(fileOf(name)));
/** Loads a benchmark by its name. Each module exports `bench`. */
async function loadBench(name: string): Promise<Bench> {
  const { bench }: { readonly bench: Bench } = await import(fileOf(name).href);
  return bench;
}

const { flags, options, names } = readCommandLine({
  command: "npm run bench",
  about:
    "Runs one benchmark and compares the figures with other libraries that are installed (bench/peers/setup installs the Python ones). The last line of the output is one JSON object.",
  flags: { json: "print only the JSON object, no progress" },
  options: {
    against: {
      value: "COMMIT",
      does: "compare the last commit with another commit instead: 10 to 30 pairs of runs in the order A B B A, without other libraries",
    },
  },
  names: Object.fromEntries(available.map((name) => [name, BENCHES[name] ?? ""])),
  oneName: true,
  examples: ["explain", "rpc --json", "weekly --against HEAD~1"],
  exitCodes: "1 when a gate is missed or, with --against, a metric became more expensive or is undecided",
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
    return `${name} cannot be compared with another commit: there is no bench/own/${name}.ts`;
  return findCommit(commit) === undefined ? `there is no commit ${commit} in this repository` : undefined;
}
