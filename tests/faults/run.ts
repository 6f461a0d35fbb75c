// `npm run faults [-- --quick] [name …]`: injects failures into servers that it starts on the loopback, and
// checks the outcome against bounds. The last line on stdout is one JSON object, as for a benchmark. Exit
// code: 1 when a bound is missed, 2 for a wrong flag or name.
import { type Metric, metric, metricLine, report } from "../../bench/metric.ts";
import { readCommandLine } from "../../scripts/command-line.ts";
import { auditTrail } from "./audit-trail.ts";
import { bodies } from "./bodies.ts";
import { collector } from "./collector.ts";
import { floods } from "./floods.ts";
import { fuzz } from "./fuzz.ts";
import { leaveServerCpu, type Scenario } from "./harness.ts";
import { hostileMessages } from "./hostile.ts";
import { kills } from "./kills.ts";
import { notices } from "./notices.ts";
import { overload } from "./overload.ts";
import { frozenReplica, outageByErrors, outageByKill, rollingRestarts } from "./replicas.ts";
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
  takeover,
  kills,
  triage,
  notices,
} satisfies Record<string, Scenario>;

const ABOUT: Readonly<Record<keyof typeof SCENARIOS, string>> = {
  overload: "a replica at three times its peak load, then at half of it",
  "outage-kill": "one of two replicas is killed",
  "outage-errors": "one of two replicas answers UNAVAILABLE",
  frozen: "one of two replicas is stopped, with its connections open, and continued",
  rolling: "restarts by SIGTERM, one replica after the other, under load",
  hostile: "hostile messages to the gRPC and the web listener",
  floods: "HTTP/2 floods of the gRPC and the web listener, while an honest client calls",
  bodies: "requests of 16 MiB on every stream that never end, while an honest client calls",
  fuzz: "malformed requests to the nine listeners of the three services, with honest calls in between",
  collector: "a telemetry collector that refuses connections or never answers",
  "audit-trail": "audit events to an ops-service that refuses connections or never answers",
  takeover: "the scheduler that runs a week is killed, and a second one completes it",
  kills: "each process of a weekly run is killed in each stage, with the jobs in PostgreSQL and in Redis",
  triage: "twelve callers triage and list alerts while runs of 100,000 suppliers complete",
  notices: "two replicas of ops-service, a process that delivers, and PostgreSQL are killed while alerts are raised",
};

const { flags, names } = readCommandLine({
  command: "npm run faults",
  about:
    "Injects failures into servers that it starts on the loopback, and checks the outcome against bounds. Without a name it runs all scenarios, one after the other.",
  flags: { quick: "shortens the long scenarios; the bounds stay the same" },
  names: ABOUT,
  examples: ["", "--quick", "--quick frozen floods"],
  exitCodes: "1 when a bound is missed",
});
leaveServerCpu();
const chosen = Object.entries(SCENARIOS).filter(([name]) => names.length === 0 || names.includes(name));
const metrics: Metric[] = [];
for (const [name, scenario] of chosen) {
  const start = performance.now();
  const found = await scenario(flags.quick).catch((error) => [unfinished(name, error)]);
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
