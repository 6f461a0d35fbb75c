// `npm run faults [-- --quick] [name …]`: breaks servers of its own on the loopback and holds what happens against the bounds.
import { parseArgs } from "node:util";
import { floods } from "./floods.ts";
import type { Finding, Scenario } from "./harness.ts";
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
};

const { values, positionals } = parseArgs({ options: { quick: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(", ")}; there are ${Object.keys(SCENARIOS).join(", ")}`);
  process.exit(2);
}
const chosen = Object.entries(SCENARIOS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const findings: Finding[] = [];
for (const [name, scenario] of chosen) {
  console.log(`${name} …`);
  const found = await scenario(values.quick === true);
  for (const { name: claim, value, unit, bound, holds } of found) {
    console.log(`  ${holds ? "      " : "MISSED"} ${claim}: ${Number(value.toPrecision(4))} ${unit} (${bound})`);
  }
  findings.push(...found);
}
const missed = findings.filter(({ holds }) => !holds).length;
console.log(`${findings.length - missed} passed, ${missed} failed`);
process.exit(missed > 0 ? 1 : 0);
