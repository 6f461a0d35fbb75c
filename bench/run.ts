// `npm run bench -- <name> [--json]`: runs one benchmark; its last line on stdout is one JSON object.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
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
const usage = [
  "usage: npm run bench -- <name> [--json]",
  "",
  ...available.map((name) => `  ${name.padEnd(10)}${BENCHES[name]}`),
  "",
  "--json keeps progress off; the last line is one JSON object either way.",
  "Exit code 1 when a gate is missed, 2 on wrong use. `bench/peers/setup` installs the peers from Python.",
].join("\n");

/** Benchmarks are loaded by name: each module exports `bench`. */
async function loadBench(name: string): Promise<Bench> {
  const { bench }: { readonly bench: Bench } = await import(fileOf(name).href);
  return bench;
}

const { values, positionals } = parseArgs({
  options: { help: { type: "boolean" }, json: { type: "boolean" } },
  allowPositionals: true,
});
const [name] = positionals;
if (values.help === true) {
  console.log(usage);
} else if (name === undefined || positionals.length > 1 || !available.includes(name)) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const log = values.json === true ? () => undefined : (text: string) => console.log(text);
  const metrics = await (await loadBench(name))({ log });
  for (const measured of metrics) log(metricLine(measured));
  console.log(report(name, metrics));
  process.exitCode = metrics.some(({ holds }) => holds === false) ? 1 : 0;
}
