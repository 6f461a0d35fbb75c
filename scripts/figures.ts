// `npm run figures`: writes the measured figures of README.md and docs/benchmarks.md from
// bench/results/*.json. With --check it changes nothing, and exits with 1 when a page differs from the files.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Metric } from "../bench/metric.ts";
import { readCommandLine } from "./command-line.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const RESULTS = path.join(ROOT, "bench/results");
const [BEGIN, END] = ["<!-- figures: written by npm run figures -->", "<!-- end of figures -->"];

/** The last line of `npm run bench -- NAME --json`. */
interface Result {
  readonly bench: string;
  readonly node: string;
  readonly cores: number;
  readonly metrics: readonly Metric[];
}

/** The figures of README.md: ratios to another program. */
const README_FIGURES: readonly (readonly [bench: string, metric: string, what: string])[] = [
  ["explain", "shap.m6.batch", "exact contributions, rows per second: 4,096 rows, 100 trees of depth 6"],
  ["explain", "shap.m6.batch.shap", "the same"],
  ["rpc", "rpc.grpc.throughput", "gRPC calls per second, with token checks, validation, deadlines and telemetry"],
  ["rpc", "rpc.connect_json.throughput", "the same over Connect JSON"],
];

/** Formats a value with four significant digits, because more are not reproducible. */
const figure = (value: number): string => Number(value.toPrecision(4)).toLocaleString("en");

function readmeTable(results: readonly Result[]): string {
  const rows = README_FIGURES.map(([bench, name, what]) => {
    const metric = results.find((result) => result.bench === bench)?.metrics.find((each) => each.name === name);
    if (metric?.value == null || metric.peer === undefined)
      throw new Error(
        `bench/results/${bench}.json has no value of ${name} beside a peer: install the peers (bench/peers/setup)`,
      );
    return `| ${what} | × ${Number(metric.value.toPrecision(3))} | ${metric.peer} |`;
  });
  return ["| what | measured | beside |", "|---|---|---|", ...rows].join("\n");
}

function benchTables(results: readonly Result[]): string {
  return results
    .map(({ bench, node, cores, metrics }) => {
      const rows = metrics.map(({ name, value, unit, peer, gate, better, holds, reason }) => {
        const bound =
          gate === undefined ? "" : `${better === "higher" ? "≥" : "≤"} ${gate}${holds === false ? ", missed" : ""}`;
        return `| \`${name}\` | ${value === null ? `not measured: ${reason}` : `${figure(value)} ${unit}`} | ${peer ?? ""} | ${bound} |`;
      });
      const table = ["| metric | measured | beside | gate |", "|---|---|---|---|", ...rows].join("\n");
      return `### ${bench}\n\n\`npm run bench -- ${bench} --json\`, Node ${node.slice(1)}, ${cores} cores\n\n${table}`;
    })
    .join("\n\n");
}

/** Replaces the text between the markers of a page. */
function withFigures(page: string, text: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`a page lacks "${BEGIN}" or "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}

const { flags } = readCommandLine({
  command: "npm run figures",
  about: "Writes the measured figures of README.md and docs/benchmarks.md from bench/results/*.json.",
  flags: { check: "changes nothing, and names each page whose figures differ from the files" },
  examples: ["", "--check"],
  exitCodes: "1 when a file cannot be used or, with --check, a page differs",
});
const results = readdirSync(RESULTS)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name): Result => JSON.parse(readFileSync(path.join(RESULTS, name), "utf8")));
const pages = [
  ["README.md", readmeTable(results)],
  ["docs/benchmarks.md", benchTables(results)],
] as const;
for (const [name, text] of pages) {
  const file = path.join(ROOT, name);
  const before = readFileSync(file, "utf8");
  const after = withFigures(before, text);
  if (after === before) continue;
  if (flags.check) {
    console.error(`${name} does not have the figures of bench/results: run npm run figures`);
    process.exitCode = 1;
  } else writeFileSync(file, after);
}
