import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { DEMO_FEATURES, DEMO_SPEC, demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { openScoringModel, type ScoringModel } from "../src/model/scoring-model.ts";

/** A registry in a folder of its own, with the demo model as v1, open for scoring. */
export interface DemoScoring extends AsyncDisposable {
  /** Folder of the registry. */
  readonly root: string;
  readonly stored: StoredVersion;
  readonly model: ScoringModel;
}

export async function openDemoScoring(): Promise<DemoScoring> {
  const root = await mkdtemp(path.join(os.tmpdir(), "scoring-"));
  await publishDemoModel(root);
  const stored = await readVersion(root, DEMO_SPEC.name, "v1");
  const model = await openScoringModel(stored);
  return {
    ...{ root, stored, model },
    async [Symbol.asyncDispose]() {
      await model.release();
      await rm(root, { recursive: true, force: true });
    },
  };
}

type Supplier = ReturnType<typeof demoSupplier>;

/** Returns the first `rows` demo suppliers in columns. @param numberOf Value of a numeric feature; default: the supplier's own. */
export function demoColumns(
  rows: number,
  numberOf: (supplier: Supplier, name: string, row: number) => number = ({ features }, name) => features[name] ?? 0,
): ColumnarInput {
  const suppliers = Array.from({ length: rows }, (_, row) => demoSupplier(row));
  return {
    rows,
    numbers: new Map(
      DEMO_FEATURES.map((name) => [
        name,
        Float32Array.from(suppliers, (supplier, row) => numberOf(supplier, name, row)),
      ]),
    ),
    categories: new Map([["region", suppliers.map(({ categories }) => categories.region)]]),
    texts: suppliers.map(({ text }) => text),
  };
}
