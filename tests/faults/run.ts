// `npm run faults [-- --quick] [name …]`: breaks servers of its own on the loopback and holds what happens against the bounds.
// The last line on stdout is one JSON object, like a benchmark's; exit code 1 when a gate is missed, 2 on wrong use.
import { parseArgs } from "node:util";
import { type Metric, metric, metricLine, report } from "../../bench/metric.ts";
import { auditTrail } from "./audit-trail.ts";
import { collector } from "./collector.ts";
import { floods } from "./floods.ts";
import { leaveServerCpu, type Scenario } from "./harness.ts";
import { hostileMessages } from "./hostile.ts";
import { overload } from "./overload.ts";
import { frozenReplica, outageByErrors, outageByKill, rollingRestarts } from "./replicas.ts";

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  overload,
  "outage-kill": outageByKill,
  "outage-errors": outageByErrors,
  frozen: frozenReplica,
  rolling: rollingRestarts,
  hostile: hostileMessages,
  floods,
  collector,
  "audit-trail": auditTrail,
};

const { values, positionals } = parseArgs({ options: { quick: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(", ")}; there are ${Object.keys(SCENARIOS).join(", ")}`);
  process.exit(2);
}
leaveServerCpu();
const chosen = Object.entries(SCENARIOS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const metrics: Metric[] = [];
for (const [name, scenario] of chosen) {
  const start = performance.now();
  const found = await scenario(values.quick === true).catch((error) => [unfinished(name, error)]);
  console.log(`${name}, ${Math.round((performance.now() - start) / 1_000)} s`);
  for (const measured of found) console.log(metricLine(measured));
  metrics.push(...found);
}
console.log(report("faults", metrics));
process.exit(metrics.some(({ holds }) => holds === false) ? 1 : 0);

/** A scenario that broke off has missed its bounds. */
function unfinished(name: string, error: unknown): Metric {
  const reason = error instanceof Error ? error.message : String(error);
  return metric({ name: `${name}.finished`, value: 0, unit: reason, gate: 1, better: "higher" });
}
