// `npm run scms`: replays the SCMS delivery history month by month through the whole loop, and writes docs/scms-loop.md.
import { access, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { replayWeeks } from "@bellwether/cli/weekly/replay-weeks";
import { readCommandLine } from "../../../scripts/command-line.ts";
import { ROOT } from "../blocks.ts";
import { compareWays, type DecidedMonth } from "./compare-ways.ts";
import { decidePromotion } from "./decide-promotion.ts";
import { DAY_MS, labelsOfWeek, readDeliveries, type VendorLabel } from "./deliveries.ts";
import { startLoopMesh } from "./loop-mesh.ts";
import { loopFiles } from "./loop-page.ts";
import { mondayAfter, replayMonth } from "./replay-month.ts";

const DEFAULT_DATA = path.resolve(ROOT, "../shared/data");
const FILE = "scms_delivery_history_2006_2013.csv.gz";
const [FIRST, LAST] = ["2008-W05", "2013-W52"];

const { options } = readCommandLine({
  command: "npm run scms",
  about:
    "Replays the SCMS delivery history month by month through the whole loop, and writes docs/scms-loop.md and its figures.",
  flags: {},
  options: {
    data: { value: "DIR", does: `folder with ${FILE} (default: ../shared/data)` },
    to: { value: "WEEK", does: `last ISO week (default: ${LAST})` },
    output: { value: "DIR", does: "folder of the page (default: docs)" },
  },
  examples: ["", "--data data --to 2009-W52 --output /tmp/page"],
  exitCodes: "1 when a week is not complete, 2 when the file of --data is missing",
});

const file = path.join(path.resolve(options.data ?? DEFAULT_DATA), FILE);
await access(file).catch(() => {
  console.error(`${file} does not exist: give its folder with --data`);
  process.exit(2);
});

const deliveries = await readDeliveries(file);
const months: DecidedMonth[] = [];
let pending: VendorLabel[] = [];
const weeks = replayWeeks(FIRST, options.to ?? LAST, "month");
await using mesh = await startLoopMesh(file, new Date(mondayAfter(weeks[0] ?? FIRST)));
for (const isoWeek of weeks) {
  const today = mondayAfter(isoWeek) / DAY_MS;
  const known = pending.filter(({ knownDay }) => knownDay <= today);
  pending = pending.filter(({ knownDay }) => knownDay > today);
  const month = await replayMonth(mesh, isoWeek, known);
  const vendors = new Set(month.rows.vendors);
  pending.push(...labelsOfWeek(deliveries, isoWeek).filter(({ vendor }) => vendors.has(vendor)));
  const decision = month.retrain === null ? null : await decidePromotion(mesh, month.retrain);
  months.push({ ...month, decision });
  const retrain =
    month.retrain === null
      ? `; no retrain: ${month.waits}`
      : `; retrain: ${month.retrain.version || month.retrain.failure}`;
  console.log(
    `${isoWeek}: ${vendors.size} vendors by ${month.version}, ${month.alertsRaised} alerts, ${known.length} outcomes${retrain}${decision?.isPromoted ? ", champion" : ""}`,
  );
}

const result = { months, ...(await compareWays(mesh.registry, months, deliveries)) };
const folder = path.resolve(options.output ?? path.join(ROOT, "docs"));
for (const [name, text] of Object.entries(loopFiles(result))) {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await writeFile(path.join(folder, name), text);
}
console.log(`wrote ${path.join(folder, "scms-loop.md")}`);
