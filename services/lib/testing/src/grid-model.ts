import type { ChangeSpec, FeatureSpec } from "@bellwether/config/model-spec";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { readVersion } from "@bellwether/registry/versions/read-version";
import { calibratedRisk } from "@bellwether/risk-model/calibrate/calibration";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { checkScoringModel, type ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { DEMO_SPEC } from "./demo-model.ts";

/*
 * A model of 50 trees over six features with steps, and an exhaustive search over all values that may be proposed, with
 * which counterfactuals are compared.
 */

/** Number of suppliers of `supplierAt`. */
export const SUPPLIERS = 2_500;

/**
 * Six features with steps, so that every value that may be proposed can be tried. Two have a direction, one is
 * immutable, one is a category.
 */
export const CHANGES: Readonly<
  Record<string, { readonly range: readonly [number, number]; readonly change: Partial<ChangeSpec> }>
> = {
  past_disputes: { range: [0, 100], change: { range: [0, 12], step: 1, direction: "decrease" } },
  financial_stability_index: { range: [0, 1], change: { step: 0.1 } },
  avg_payment_delay_days: { range: [0, 3650], change: { range: [0, 90], step: 9, cost: 0.5 } },
  delivery_score: { range: [0, 100], change: { range: [50, 100], step: 5, direction: "increase", cost: 2 } },
};
const ANY: ChangeSpec = { direction: "any", range: null, step: null, cost: 1 };
const base = { kind: "numeric", unit: "units", missing: "keep", direction: "unknown", monotone: false } as const;
const FEATURES: readonly FeatureSpec[] = [
  ...Object.entries(CHANGES).map(
    ([name, { range, change }]): FeatureSpec => ({
      ...base,
      name,
      range,
      immutable: false,
      change: { ...ANY, ...change },
    }),
  ),
  { ...base, name: "relationship_years", range: [0, 100], immutable: true },
  { ...base, name: "region", kind: "category", unit: "", range: null, immutable: false, change: { ...ANY, cost: 0.7 } },
];

const demo = generateDemo({ suppliers: SUPPLIERS, transactions: 2_000 }, 9);
/** Names of the numeric features. */
export const NUMERIC = FEATURES.filter(({ kind }) => kind === "numeric").map(({ name }) => name);
const numberOf = (i: number, name: string): number => Number(Reflect.get(demo.suppliers[i] ?? {}, name));
const TABLE: FeatureTable = {
  rows: SUPPLIERS,
  supplierIds: demo.suppliers.map((s) => s.supplier_id),
  asOfDays: null,
  numbers: new Map(
    NUMERIC.map((name) => [name, Float64Array.from({ length: SUPPLIERS }, (_, i) => numberOf(i, name))]),
  ),
  categories: new Map([["region", demo.suppliers.map((s) => s.region)]]),
  texts: null,
  labels: Uint8Array.from(demo.suppliers, (s) => s.high_risk),
};
/** Returns a supplier by its number, from 0 to `SUPPLIERS` - 1. */
export const supplierAt = (i: number): SupplierInput => ({
  features: Object.fromEntries(NUMERIC.map((name) => [name, numberOf(i, name)])),
  categories: { region: demo.suppliers[i]?.region ?? "" },
  text: "",
});

/** Trains and publishes the model "grid" in a registry folder, and returns its version. */
export async function publishGridModel(root: string): Promise<Awaited<ReturnType<typeof readVersion>>> {
  const spec = {
    ...{ ...DEMO_SPEC, name: "grid", features: FEATURES, text: null, bands: { high: 0.1, medium: 0.03 } },
    trainer: { ...DEMO_SPEC.trainer, trees: 50, maxDepth: 4 },
  };
  const trained = await trainRiskModel({ table: TABLE, spec, configHash: "c".repeat(64), runOnnx });
  const publication = { modelName: "grid", origin: "trained" as const, configHash: "c".repeat(64), evaluation: null };
  await publishVersion(root, { ...trained, ...publication, now: new Date(0) }, checkScoringModel);
  return readVersion(root, "grid", "v1");
}

/** The other values that each changeable feature may have, with their costs. Written from the declaration alone. */
function gridOf(
  model: ScoringModel,
  supplier: SupplierInput,
): Map<string, { readonly value: number | string; readonly cost: number }[]> {
  const grid = new Map<string, { readonly value: number | string; readonly cost: number }[]>();
  for (const [name, { range, change }] of Object.entries(CHANGES)) {
    const [min, max] = change.range ?? range;
    const { step = 1, direction = "any", cost = 1 } = change;
    const training = model.bundle.features.find((feature) => feature.name === name)?.training;
    const width = (training?.max ?? Number.NaN) - (training?.min ?? Number.NaN);
    const present = supplier.features[name] ?? Number.NaN;
    const values = [];
    for (let k = Math.round(min / (step ?? 1)); k <= Math.round(max / (step ?? 1)); k++) {
      const value = Number((k * (step ?? 1)).toFixed(6));
      const isAllowed =
        value !== present && (direction === "any" || (direction === "increase" ? value > present : value < present));
      if (isAllowed) values.push({ value, cost: (cost * Math.abs(value - present)) / width });
    }
    grid.set(name, values);
  }
  const regions = model.bundle.features.find(({ name }) => name === "region")?.categories ?? [];
  const others = regions.filter((region) => region !== supplier.categories.region);
  grid.set(
    "region",
    others.map((value) => ({ value, cost: 0.7 })),
  );
  return grid;
}

/** Tries every combination with ONNX Runtime. Returns the lowest cost that is enough; Infinity when none is. */
export async function lowestCost(
  model: ScoringModel,
  supplier: SupplierInput,
  maxChanges: number,
  scoreBelow: number,
  fixed: readonly string[] = [],
): Promise<number> {
  const grid = [...gridOf(model, supplier)].filter(([name]) => !fixed.includes(name));
  const { row } = model.vectorizer.vectorize(supplier, "supplier");
  const rows: number[] = [];
  const costs: number[] = [];
  const columnsOf = new Map(
    model.bundle.columns.map((column, c) => [
      column.kind === "category" ? `${column.feature}=${column.category}` : column.feature,
      c,
    ]),
  );
  const regionColumns = [...columnsOf].filter(([name]) => name.startsWith("region=")).map(([, c]) => c);
  const changed = (before: readonly number[], name: string, value: number | string): number[] => {
    const after = [...before];
    if (typeof value === "number") after[columnsOf.get(name) ?? -1] = Math.fround(value);
    else for (const c of regionColumns) after[c] = c === columnsOf.get(`region=${value}`) ? 1 : 0;
    return after;
  };
  const visit = (from: number, left: number, now: readonly number[], cost: number): void => {
    for (let f = from; f < grid.length; f++)
      for (const { value, cost: more } of grid[f]?.[1] ?? []) {
        const next = changed(now, grid[f]?.[0] ?? "", value);
        for (const x of next) rows.push(x);
        costs.push(cost + more);
        if (left > 1) visit(f + 1, left - 1, next, cost + more);
      }
  };
  visit(0, maxChanges, [...row], 0);
  const { outputs } = await model.predict(Float32Array.from(rows), costs.length);
  let lowest = Number.POSITIVE_INFINITY;
  for (const [i, output] of outputs.entries())
    if (calibratedRisk(model.bundle, output) < scoreBelow) lowest = Math.min(lowest, costs[i] ?? lowest);
  return lowest;
}
