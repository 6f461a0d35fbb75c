// `npm run faults [-- --quick] [name …]`: breaks servers of its own on the loopback and holds what happens against the bounds.
// The last line on stdout is one JSON object, like a benchmark's; exit code 1 when a gate is missed, 2 on wrong use.
import { type Metric, metric, metricLine, report } from "../../bench/metric.ts";
import { readCommandLine } from "../../scripts/command-line.ts";
import { auditTrail } from "./audit-trail.ts";
import { bodies } from "./bodies.ts";
import { collector } from "./collector.ts";
import { floods } from "./floods.ts";
import { fuzz } from "./fuzz.ts";
import { leaveServerCpu, type Scenario } from "./harness.ts";
import { hostileMessages } from "./hostile.ts";
import { overload } from "./overload.ts";
import { frozenReplica, outageByErrors, outageByKill, rollingRestarts } from "./replicas.ts";
import { takeover } from "./takeover.ts";

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
} satisfies Record<string, Scenario>;

const ABOUT: Readonly<Record<keyof typeof SCENARIOS, string>> = {
  overload: "three times what a replica can do, then half of it",
  "outage-kill": "one of two replicas is killed and comes back",
  "outage-errors": "one of two replicas answers UNAVAILABLE",
  frozen: "one of two replicas stands still with its connections open",
  rolling: "restarts by SIGTERM, one replica after the other, under load",
  hostile: "messages made to hurt, at both doors",
  floods: "HTTP/2 floods at both doors, beside an honest client",
  bodies: "requests of 16 MiB on every stream that never end, at both listeners, beside an honest client",
  fuzz: "malformed requests to the nine listeners of the three services, honest calls in between",
  collector: "telemetry to a collector that is dead or silent",
  "audit-trail": "audit events to an ops-service that is dead or silent",
  takeover: "the scheduler that holds a week's run is killed; a second one goes on",
};

const { flags, names } = readCommandLine({
  command: "npm run faults",
  about:
    "Breaks servers of its own on the loopback and holds what happens against bounds. Without a name: all of them, one after the other.",
  flags: { quick: "shortens what lasts long; bounds are those of the whole length" },
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

/** A scenario that broke off has missed its bounds. */
function unfinished(name: string, error: unknown): Metric {
  const reason = error instanceof Error ? error.message : String(error);
  return metric({ name: `${name}.finished`, value: 0, unit: reason, gate: 1, better: "higher" });
}
