// `node tests/models/monotone-cost.ts`: measures what monotone splits (a declared direction per feature) cost
// in AUC, and whether scores follow the direction. For each data set: the AUC on test rows with and without
// monotone splits, over several seeds, and the violations among 10,000 random pairs of rows that differ in
// one declared feature. It reads real data from ../shared/data and skips data sets that are absent.
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { writeDemo } from "@bellwether/cli/data/write-demo";
import { loadConfigPair } from "@bellwether/config/config-pair";
import type { FeatureSpec, ModelSpec } from "@bellwether/config/model-spec";
import { readTrainingTable } from "@bellwether/ingest/training/training-table";
import { createRandom } from "@bellwether/risk-model/random";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DATA = path.resolve(ROOT, "../shared/data");
const PAIRS = 10_000;

interface DataSet {
  readonly name: string;
  readonly table: FeatureTable;
  readonly spec: ModelSpec;
  readonly seeds: number;
}

/** The measurements of one data set. */
export interface MonotoneCost {
  readonly name: string;
  readonly seeds: number;
  /** Mean AUC on test rows, without monotone splits and with them. */
  readonly free: number;
  readonly monotone: number;
  readonly baseline: { readonly feature: string; readonly auc: number } | null;
  readonly violations: number;
  /** Violations of the model without monotone splits. */
  readonly freeViolations: number;
}

/** Trains on a data set with and without monotone splits. */
export async function measureCost({ name, table, spec, seeds }: DataSet): Promise<MonotoneCost> {
  let [free, monotone, violations, freeViolations] = [0, 0, 0, 0];
  let baseline: MonotoneCost["baseline"] = null;
  for (let seed = spec.seed; seed < spec.seed + seeds; seed++) {
    const train = (held: boolean) => {
      const features = spec.features.map((feature) => ({ ...feature, monotone: held && feature.monotone }));
      return trainRiskModel({ table, spec: { ...spec, features, seed }, configHash: "", runOnnx });
    };
    const [without, withHeld] = [await train(false), await train(true)];
    free += without.evaluation.auc / seeds;
    monotone += withHeld.evaluation.auc / seeds;
    baseline ??= withHeld.evaluation.baseline;
    if (seed > spec.seed) continue;
    violations = countViolations(withHeld, spec, table);
    freeViolations = countViolations(without, spec, table);
  }
  return { name, seeds, free, monotone, baseline, violations, freeViolations };
}

type Trained = Awaited<ReturnType<typeof trainRiskModel>>;

/**
 * Violations among 10,000 pairs. A pair is a row of the table, with one declared feature set to two random
 * known values.
 */
function countViolations({ treeModel, bundle }: Trained, spec: ModelSpec, table: FeatureTable): number {
  const random = createRandom(7, "pairs");
  const declared = spec.features.filter(({ kind, direction }) => kind === "numeric" && direction !== "unknown");
  const width = bundle.columns.length;
  const rows = new Float32Array(2 * PAIRS * width);
  const signs = new Int8Array(PAIRS);
  for (let pair = 0; pair < PAIRS; pair++) {
    const feature = declared[random.below(declared.length)] as FeatureSpec;
    const row = random.below(table.rows);
    const known = table.numbers.get(feature.name) ?? new Float64Array();
    const values = [known[random.below(known.length)] ?? 0, known[random.below(known.length)] ?? 0];
    const [low, high] = values.map((x) => (Number.isNaN(x) ? 0 : x)).sort((a, b) => a - b);
    signs[pair] = feature.direction === "raises" ? 1 : -1;
    for (const [c, column] of bundle.columns.entries()) {
      const value = column.kind === "numeric" ? (table.numbers.get(column.feature)?.[row] ?? Number.NaN) : 0;
      const isChanged = column.kind === "numeric" && column.feature === feature.name;
      rows[2 * pair * width + c] = isChanged ? (low ?? 0) : value;
      rows[(2 * pair + 1) * width + c] = isChanged ? (high ?? 0) : value;
    }
  }
  const outputs = evaluateRows(treeModel, rows);
  return signs.reduce(
    (count, sign, pair) =>
      count + (sign * ((outputs[2 * pair + 1] as number) - (outputs[2 * pair] as number)) < 0 ? 1 : 0),
    0,
  );
}

/**
 * Financial ratios of Polish companies (UCI 365) whose meaning implies a direction; the other ratios have
 * none.
 */
const POLISH_DIRECTIONS: Readonly<Record<number, FeatureSpec["direction"]>> = {
  1: "lowers",
  2: "raises",
  3: "lowers",
  4: "lowers",
  6: "lowers",
  7: "lowers",
  8: "lowers",
  10: "lowers",
  22: "lowers",
  35: "lowers",
  51: "raises",
};

function polishTable(): { table: FeatureTable; spec: ModelSpec } {
  const text = gunzipSync(readFileSync(path.join(DATA, "polish_bankruptcy_1year.arff.gz"))).toString("latin1");
  const rows = (text.split(/@data\s*/i)[1] ?? "").split(/\r?\n/).filter((line) => line.includes(","));
  const cells = rows.map((line) => line.split(",").map((cell) => (cell.trim() === "?" ? Number.NaN : Number(cell))));
  const features = Array.from({ length: 64 }, (_, i): FeatureSpec => {
    const direction = POLISH_DIRECTIONS[i + 1] ?? "unknown";
    return {
      ...{ name: `attr${i + 1}`, kind: "numeric", unit: "ratio", range: null, missing: "keep", immutable: false },
      ...{ direction, monotone: direction !== "unknown" },
    };
  });
  const table: FeatureTable = {
    rows: rows.length,
    supplierIds: rows.map((_, row) => `c${row}`),
    asOfDays: null,
    numbers: new Map(features.map(({ name }, i) => [name, Float64Array.from(cells, (row) => row[i] ?? Number.NaN)])),
    categories: new Map(),
    texts: null,
    labels: Uint8Array.from(cells, (row) => row[64] ?? 0),
  };
  const spec: ModelSpec = {
    ...{
      name: "polish-bankruptcy",
      features,
      text: null,
      bands: { medium: 0.1, high: 0.3 },
      minimumPresent: 0.5,
      seed: 42,
    },
    target: { name: "fails", riskClass: "fails", otherClass: "lives" },
    trainer: {
      ...{ kind: "gradient_boosting", trees: 200, maxDepth: 4, learningRate: 0.05, l2: 5, minChildWeight: 5 },
      ...{ subsample: 0.7, columnSample: 0.7, classWeight: "none", earlyStopping: null },
    },
    split: { by: "supplier", testShare: 0.25, testFrom: null, gapDays: 0, horizonDays: 0, calibrationShare: null },
  };
  return { table, spec };
}

async function* dataSets(): AsyncGenerator<DataSet> {
  const read = async (name: string, config: string, dataDir: string, seeds: number): Promise<DataSet> => {
    const pair = await loadConfigPair(
      path.join(config, "model_config.yaml"),
      path.join(config, "feature_mapping.yaml"),
    );
    const { table } = await readTrainingTable({ ...pair, dataDir });
    return { name, table, spec: pair.model, seeds };
  };
  const folder = await mkdtemp(path.join(os.tmpdir(), "monotone-"));
  try {
    await writeDemo(folder, { suppliers: 10_500, transactions: 5_000 }, 42, "2026-W47");
    yield await read("demo", path.join(ROOT, "config"), folder, 8);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (!existsSync(DATA)) return console.log("the real data sets are absent: ../shared/data");
  yield await read("SCMS", path.join(ROOT, "config/examples/scms"), DATA, 8);
  yield await read("US bankruptcies", path.join(ROOT, "config/examples/bankruptcy"), DATA, 3);
  yield { name: "Polish bankruptcies", ...polishTable(), seeds: 4 };
}

if (import.meta.main) {
  for await (const set of dataSets()) {
    const { name, seeds, free, monotone, baseline, violations, freeViolations } = await measureCost(set);
    console.log(
      `${name}: AUC ${monotone.toFixed(4)} with monotone splits, ${free.toFixed(4)} without, difference ${(monotone - free).toFixed(4)} (mean of ${seeds} seeds); ${baseline?.feature} alone ${baseline?.auc.toFixed(4)}; of ${PAIRS} pairs ${violations} answer against a direction, ${freeViolations} without`,
    );
  }
}
