import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { finished } from "node:stream/promises";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { startIngestProcess } from "@bellwether/ingest/child/ingest-process";
import { DEFAULT_LIMITS } from "@bellwether/ingest/ingest-limits";
import { createRandom } from "@bellwether/risk-model/random";
import { type BenchContext, type Metric, metric } from "../metric.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const MIB = 2 ** 20;
const NUMBERS = 16;
/** Sentences of a contract text, from which each row has about 200 characters. */
const SENTENCES = [
  "Payment is due within thirty days of receipt of the invoice",
  "Late delivery entitles the buyer to a penalty of one percent a week",
  "The supplier carries insurance for the value of the goods",
  "Either party may terminate with ninety days of notice",
  "Liability is limited to the annual contract value",
];

/** Measures the reading of a weekly file of `rows` suppliers in the process that the weekly run starts for it. */
export async function measureIngest(rows: number, { log }: BenchContext): Promise<Metric[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-"));
  try {
    const input = path.join(folder, "week.csv");
    log(`writing ${rows} suppliers`);
    const bytes = await writeWeek(input, rows);
    const pair = await loadConfigPair(
      path.join(ROOT, "config/model_config.yaml"),
      path.join(ROOT, "config/feature_mapping.yaml"),
    );
    log(`reading ${Math.round(bytes / MIB)} MiB`);
    const limits = { ...DEFAULT_LIMITS, folder };
    const began = performance.now();
    await using reader = startIngestProcess();
    const outParquet = path.join(folder, "out", "week.parquet");
    const read = await reader.run({ model: pair.model, mapping: pair.mapping, limits, input, outParquet });
    const seconds = (performance.now() - began) / 1000;
    if (read.rows !== rows) throw new Error(`${read.rows} of ${rows} rows were accepted`);
    const { cpuSeconds, peakRssBytes } = read.usage;
    const perMillion = rows === 1_000_000;
    return [
      metric({ name: "ingest.seconds", value: seconds, unit: `s for ${rows} suppliers`, better: "lower" }),
      metric({
        ...{ name: "ingest.cpu", value: cpuSeconds, unit: "s", better: "lower" },
        ...(perMillion && { gate: 12, stretch: 6 }),
      }),
      metric({
        ...{ name: "ingest.peak_rss", value: peakRssBytes / MIB, unit: "MiB", better: "lower" },
        ...(perMillion && { gate: 700, stretch: 450 }),
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeWeek(file: string, rows: number): Promise<number> {
  const random = createRandom(7, "bench ingest");
  const out = createWriteStream(file);
  out.write(`supplier_id,company_name,region,industry,${COLUMNS.join(",")},contract_text\n`);
  let text = "";
  for (let row = 0; row < rows; row++) {
    const number = (scale: number, digits: number): string => (random.uniform() * scale).toFixed(digits);
    const values = COLUMNS.map((name) => (SHARES.has(name) ? number(1, 4) : number(90, 2)));
    const sentences = Array.from({ length: 4 }, (_, i) => SENTENCES[(row + i * 3) % SENTENCES.length]);
    text += `S_${String(row).padStart(7, "0")},"Company ${row}, Ltd.",${REGIONS[row % REGIONS.length]},industry ${row % 12},${values.join(",")},"${sentences.join(". ")}"\n`;
    if (text.length > MIB) {
      if (!out.write(text)) await once(out, "drain");
      text = "";
    }
  }
  out.end(text);
  await finished(out);
  return out.bytesWritten;
}

const REGIONS = ["EMEA", "AMER", "APAC", "LATAM"];
/** Numbers of the demo's weekly file. */
const COLUMNS: readonly string[] = [
  ...["annual_revenue", "annual_spend", "avg_payment_delay_days", "contract_value", "contract_duration_months"],
  ...["past_disputes", "delivery_score", "financial_stability_index", "relationship_years", "txn_count"],
  ...["avg_txn_amount", "avg_delay", "late_ratio", "dispute_rate", "avg_delivery_quality", "clause_risk_score"],
].slice(0, NUMBERS);
const SHARES: ReadonlySet<string> = new Set(["financial_stability_index", "late_ratio", "dispute_rate"]);
