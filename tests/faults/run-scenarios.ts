// Runs the scenarios of `npm run faults`. The arguments are their names, and --quick before them.
import { type Metric, metric, metricLine, report } from "../../bench/metric.ts";
import { audit } from "./audit.ts";
import { auditTrail } from "./audit-trail.ts";
import { bodies } from "./bodies.ts";
import { collector } from "./collector.ts";
import { floods } from "./floods.ts";
import { fuzz } from "./fuzz.ts";
import { leaveServerCpu, type Scenario, useAllCpus } from "./harness.ts";
import { hostileMessages } from "./hostile.ts";
import { kafka } from "./kafka.ts";
import { kills } from "./kills.ts";
import { notices } from "./notices.ts";
import { overload } from "./overload.ts";
import { frozenReplica, outageByErrors, outageByKill, rollingRestarts } from "./replicas.ts";
import type { ABOUT } from "./scenario-names.ts";
import { takeover } from "./takeover.ts";
import { triage } from "./triage.ts";

const SCENARIOS = {
  overload,
  "outage-kill": outageByKill,
  "outage-errors": outageByErrors,
  frozen: frozenReplica,
  rolling: rollingRestarts,
  hostile: hostileMessages,
  floods,
  bodies,
  fuzz,
  collector,
  "audit-trail": auditTrail,
  audit,
  takeover,
  kills,
  triage,
  notices,
  kafka,
} satisfies Record<keyof typeof ABOUT, Scenario>;

/**
 * Scenarios whose servers run a whole week: they need all cores. In the others, servers have one core and the load the
 * other one; servers that nobody moved would share the core of the load.
 */
const ON_ALL_CPUS: ReadonlySet<string> = new Set<keyof typeof ABOUT>([
  "audit",
  "takeover",
  "kills",
  "triage",
  "notices",
  "kafka",
]);

const quick = process.argv.includes("--quick");
const names = process.argv.slice(2).filter((name) => name !== "--quick");
const chosen = Object.entries<Scenario>(SCENARIOS).filter(([name]) => names.length === 0 || names.includes(name));
const metrics: Metric[] = [];
for (const [name, scenario] of chosen) {
  if (ON_ALL_CPUS.has(name)) useAllCpus();
  else leaveServerCpu();
  const start = performance.now();
  const found = await scenario(quick).catch((error) => [unfinished(name, error)]);
  console.log(`${name}, ${Math.round((performance.now() - start) / 1_000)} s`);
  for (const measured of found) console.log(metricLine(measured));
  metrics.push(...found);
}
console.log(report("faults", metrics));
process.exit(metrics.some(({ holds }) => holds === false) ? 1 : 0);

/** Returns the figure of a scenario that ended with an error: it counts as a missed bound. */
function unfinished(name: string, error: unknown): Metric {
  const reason = error instanceof Error ? error.message : String(error);
  return metric({ name: `${name}.finished`, value: 0, unit: reason, gate: 1, better: "higher" });
}
