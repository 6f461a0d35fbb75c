// `npm run bench -- <name> [--json]`: runs one benchmark. The last line on stdout is one JSON object.
import { existsSync } from "node:fs";
import { readCommandLine } from "../scripts/command-line.ts";
import { compareWith } from "./against/compare.ts";
import { findCommit } from "./against/worktree.ts";
import { type Bench, metricLine, report } from "./metric.ts";

const BENCHES: Readonly<Record<string, string>> = {
  explain: "computes exact contributions, and compares with xgboost, shap and lightgbm",
  train: "trains models, and compares with xgboost and scikit-learn",
  rpc: "calls an RPC through the gRPC and the web listener, and compares with plain grpc-js and connect-node",
  predict: "calls predictions of ml-service",
  sinks: "calls predictions while ml-service records the calls in Kafka, in ops-service, or not at all",
  "python-client":
    "scores and explains a DataFrame with the Python client, and compares with the same calls without the client",
  batch: "scores and explains batches",
  swap: "changes the champion under load",
  startup: "measures the time from a cold start to the first answer",
  weekly: "runs weekly runs",
  ingest: "reads a weekly file of a million suppliers, and measures time, CPU time and memory of the reading process",
  ops: "calls ops-service under load",
  audit:
    "verifies the audit log, counts the changes of a superuser that are found, and measures what recording of calls costs",
  replay: "computes recorded decisions of 20 model versions again, and compares every bit",
  backtest: "tests an alert rule on 53 weeks of 100,000 suppliers",
  session: "compares calls of a signed-in person with calls with a token",
  counterfactual: "finds the smallest changes that lower a band",
  comparison: "checks in simulations the confidence intervals of the comparison of two versions",
  quality:
    "counts in simulations how often intervals of performance figures contain the true figures, and which challengers pass the gate",
  retrain: "measures the memory of a retrain of 200,000 rows, and predictions during the retrain on the same machine",
  shadow: "calls predictions while the challenger scores a share of the suppliers",
  drift: "counts drift alarms in simulated weeks with and without drift, and compares with Evidently",
  "counterfactual-proof": "compares counterfactuals of three changes with an exhaustive search",
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
    "Runs one benchmark. If other libraries are installed, it compares the figures with theirs (bench/peers/setup installs the Python libraries). The last line of the output is one JSON object.",
  flags: { json: "print only the JSON object, no progress" },
  options: {
    against: {
      value: "COMMIT",
      does: "compare the last commit with this commit, and not with other libraries: 10 to 30 pairs of runs in the order A B B A",
    },
  },
  names: Object.fromEntries(available.map((name) => [name, BENCHES[name] ?? ""])),
  oneName: true,
  examples: ["explain", "rpc --json", "weekly --against HEAD~1"],
  exitCodes: "1 when a figure is beyond its limit or, with --against, a metric became worse or no decision is possible",
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
