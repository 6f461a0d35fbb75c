import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { DEFAULT_DRIFT_POLICY } from "@bellwether/config/risk-policy";
import { compareWeek, type WeekValues } from "@bellwether/drift/compare/compare-week";
import { simulateSuppliers } from "../services/lib/drift/test/simulated-weeks.ts";
import { type Metric, metric } from "./metric.ts";

const PYTHON = new URL("./peers/.venv-drift/bin/python", import.meta.url).pathname;
const SCRIPT = new URL("./peers/drift.py", import.meta.url).pathname;
/** Pairs of weeks without drift, by number of rows. Evidently needs about a second per pair. */
const PAIRS: Readonly<Record<string, number>> = { "300": 30, "3000": 15, "100000": 3 };

/** Result of one pair of weeks; see peers/drift.py. */
interface PeerPair {
  readonly rows: number;
  readonly drifted_columns: number;
  readonly version: string;
}

/** Counts weeks with an alarm of Evidently's default drift test, and of our test, on the same pairs of weeks. */
export async function comparePeer(log: (line: string) => void): Promise<Metric[]> {
  const sizes = Object.entries(PAIRS).map(([rows, pairs]) => ({ rows: Number(rows), pairs }));
  const metrics: Metric[] = [];
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-drift-"));
  try {
    for (const { rows, pairs } of sizes) {
      const name = `drift.false_alarms.${rows}.evidently`;
      const unit = `share of ${pairs} weeks without drift, against the week before`;
      if (!existsSync(PYTHON)) {
        const reason = "run bench/peers/setup first";
        metrics.push(metric({ name, value: null, unit, better: "lower", reason }));
        continue;
      }
      let ours = 0;
      const theirs: PeerPair[] = [];
      for (let pair = 0; pair < pairs; pair++) {
        const suppliers = simulateSuppliers(rows, 90 * rows + pair, "peer");
        const [previous, present] = [suppliers.nextWeek(), suppliers.nextWeek()];
        const compared = compareWeek(present, { training: null, previous }, DEFAULT_DRIFT_POLICY);
        if (compared.some(({ outcome }) => outcome === "alarm")) ours++;
        const files = [`reference-${pair}.csv`, `present-${pair}.csv`].map((file) => path.join(folder, file));
        await writeFile(files[0] ?? "", csvOf(previous));
        await writeFile(files[1] ?? "", csvOf(present));
      }
      const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, folder, String(pairs)], { maxBuffer: 1 << 24 });
      for (const line of stdout.trim().split("\n")) theirs.push(JSON.parse(line));
      const alarmed = theirs.filter(({ drifted_columns: columns }) => columns > 0).length;
      const peer = `Evidently ${theirs[0]?.version ?? ""}, DataDriftPreset with its defaults; a column with drift is an alarm`;
      log(`${rows} rows: ${alarmed} of ${pairs} weeks have an alarm of Evidently, ${ours} of ours`);
      metrics.push(
        metric({ name, value: alarmed / pairs, unit, better: "lower", peer }),
        metric({ name: `drift.false_alarms.${rows}.same_weeks`, value: ours / pairs, unit, better: "lower" }),
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return metrics;
}

function csvOf({ numbers, categories, supplierIds, scores }: WeekValues): string {
  const columns: [string, ArrayLike<number | string | null>][] = [...numbers, ...categories];
  if (scores !== null) columns.push(["risk_score", scores]);
  const lines = [columns.map(([name]) => name).join(",")];
  for (let row = 0; row < supplierIds.length; row++)
    lines.push(columns.map(([, values]) => textOf(values[row] ?? null)).join(","));
  return `${lines.join("\n")}\n`;
}

const textOf = (value: number | string | null): string =>
  value === null || (typeof value === "number" && Number.isNaN(value)) ? "" : String(value);
