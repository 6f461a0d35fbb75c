import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import { calibratedRisk } from "@bellwether/risk-model/calibrate/calibration";
import type { ChangeLimit } from "@bellwether/risk-model/counterfactual/change-request";
import { DEFAULT_BUDGET } from "@bellwether/scoring/counterfactual/counterfactual-budget";
import {
  type CounterfactualAnswer,
  createCounterfactualFinder,
} from "@bellwether/scoring/counterfactual/find-counterfactuals";
import { openScoringModel, type ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { drawRows, FEATURES, trainM6 } from "./explain-models.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import { publishModel } from "./publish-model.ts";

const SUPPLIERS = 1_000;
const WARM_UP = 50;
const GATES = {
  2: { ms: { gate: 40 }, undecided: { gate: 0.02 } },
  3: { ms: { gate: 200, stretch: 80 }, undecided: { gate: 0.1 } },
} as const;

/** What is measured. */
interface Case {
  readonly name: string;
  readonly maxChanges: 2 | 3;
  readonly limits: readonly ChangeLimit[];
  readonly ms: { readonly gate?: number; readonly stretch?: number };
  readonly undecided: { readonly gate?: number };
}

/** Of the first half of the columns none changes, and the others only decrease: then many suppliers have no way out. */
const HALF: readonly ChangeLimit[] = Array.from({ length: FEATURES }, (_, column) =>
  column < FEATURES / 2
    ? { feature: `f${column}`, fixed: true }
    : { feature: `f${column}`, fixed: false, direction: "decrease" },
);

/**
 * Measures counterfactuals of 1,000 suppliers in the band high, one after the other in one thread: the whole answer
 * with its scores. All 40 features may change in both directions; the metrics with "half" have limits.
 */
export const bench: Bench = async ({ log }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "bellwether-bench-"));
  const model = await openScoringModel(asClassifier(await publishModel(folder, trainM6())));
  try {
    const suppliers = await highSuppliers(model);
    log(`${suppliers.length} suppliers in the band high`);
    const ungated = { ms: {}, undecided: {} };
    return [
      ...(await measure(model, suppliers, { name: "changes2", maxChanges: 2, limits: [], ...GATES[2] }, log)),
      ...(await measure(model, suppliers, { name: "changes3", maxChanges: 3, limits: [], ...GATES[3] }, log)),
      ...(await measure(model, suppliers, { name: "half.changes2", maxChanges: 2, limits: HALF, ...ungated }, log)),
      ...(await measure(model, suppliers, { name: "half.changes3", maxChanges: 3, limits: HALF, ...ungated }, log)),
    ];
  } finally {
    await model.release();
    await rm(folder, { recursive: true, force: true });
  }
};

/** An imported sum of trees is a regressor. Its output is read as log-odds here, which is what it was trained to be. */
function asClassifier(stored: StoredVersion): StoredVersion {
  const bundle = JSON.parse(stored.bundleJson);
  for (const golden of bundle.golden) delete golden.riskScore;
  return { ...stored, bundleJson: JSON.stringify({ ...bundle, outputSpace: "margin" }) };
}

type Features = Readonly<Record<string, number>>;

async function highSuppliers(model: ScoringModel): Promise<Features[]> {
  const drawn = 20_000;
  const rows = drawRows(drawn, "counterfactual rows");
  const { outputs } = await model.predict(rows, drawn);
  const names = model.bundle.features.map(({ name }) => name);
  const found: Features[] = [];
  for (const [i, output] of outputs.entries()) {
    if (calibratedRisk(model.bundle, output) < model.bundle.bands.high || found.length === SUPPLIERS) continue;
    found.push(Object.fromEntries(names.map((name, f) => [name, rows[i * FEATURES + f] ?? 0])));
  }
  return found;
}

async function measure(
  model: ScoringModel,
  suppliers: readonly Features[],
  { name: caseName, maxChanges, limits, ms, undecided }: Case,
  log: (line: string) => void,
): Promise<Metric[]> {
  const find = createCounterfactualFinder(model);
  const budget = { ...DEFAULT_BUDGET, isStopped: () => false };
  const ask = (features: Features): Promise<CounterfactualAnswer> =>
    find(
      { supplier: { features, categories: {}, text: "" }, maxChanges, maxAnswers: 3, targetBand: null, limits },
      "supplier",
      budget,
    );
  for (const features of suppliers.slice(0, WARM_UP)) await ask(features);
  const times: number[] = [];
  const cpuTimes: number[] = [];
  const counts: Record<CounterfactualAnswer["outcome"], number> = {
    ...{ found: 0, "none-within-limits": 0, "not-decided": 0, "already-below": 0 },
  };
  let steps = 0;
  for (const features of suppliers) {
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    const answer = await ask(features);
    times.push(performance.now() - began);
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuTimes.push((user + system) / 1000);
    counts[answer.outcome]++;
    steps += answer.steps;
  }
  const at = (share: number, of = times): number =>
    of.toSorted((a, b) => a - b)[Math.floor(share * of.length)] ?? Number.NaN;
  log(`${caseName}: ${JSON.stringify(counts)}, ${Math.round(steps / times.length)} steps`);
  const name = `counterfactual.${caseName}`;
  const share = counts["not-decided"] / times.length;
  return [
    metric({ name: `${name}.p50`, value: at(0.5), unit: "ms", better: "lower" }),
    metric({ name: `${name}.p95`, value: at(0.95), unit: "ms", better: "lower", ...ms }),
    metric({ name: `${name}.p95.cpu`, value: at(0.95, cpuTimes), unit: "ms of CPU", better: "lower" }),
    metric({ name: `${name}.p99`, value: at(0.99), unit: "ms", better: "lower" }),
    metric({ name: `${name}.not_decided`, value: share, unit: "of all suppliers", better: "lower", ...undecided }),
    metric({ name: `${name}.found`, value: counts.found / times.length, unit: "of all suppliers", better: "higher" }),
  ];
}
