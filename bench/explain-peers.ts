import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { BenchModel } from "./explain-models.ts";

/** Speed of one library on one model with one thread; see peers/explain.py. */
export interface PeerResult {
  readonly model: BenchModel["name"];
  readonly peer: "xgboost" | "shap" | "lightgbm";
  readonly version: string;
  readonly rows_per_second: number;
  /** Time of one row through the Python API and through the C API, µs; xgboost only. */
  readonly row_us?: number;
  readonly c_api_row_us?: number;
  /** Largest difference from xgboost's contributions; all libraries except xgboost. */
  readonly difference?: number;
}

const PYTHON = new URL("./peers/.venv/bin/python", import.meta.url).pathname;

/** Whether `bench/peers/setup` has been run. */
export function peersInstalled(): boolean {
  return existsSync(PYTHON);
}

/** Writes the models into `folder` for the other libraries, and times them. */
export async function timePeers(
  folder: string,
  models: readonly BenchModel[],
  rows: Float32Array,
): Promise<PeerResult[]> {
  await writeFile(path.join(folder, "rows.f32"), rows);
  for (const { name, model, batchRows } of models) {
    await writeFile(path.join(folder, `${name}.json`), peerJson(model, batchRows));
  }
  const script = new URL("./peers/explain.py", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(PYTHON, [script, folder], { maxBuffer: 1 << 24 });
  return stdout
    .trim()
    .split("\n")
    .map((line): PeerResult => JSON.parse(line));
}

function peerJson(model: TreeModel, rows: number): string {
  return JSON.stringify({
    features: model.features,
    base: model.base[0],
    rows,
    trees: model.trees.map(({ feature, threshold, left, right, defaultLeft, cover, value }) => ({
      feature: [...feature],
      threshold: [...threshold],
      left: [...left],
      right: [...right],
      default_left: [...defaultLeft],
      cover: [...cover],
      value: [...value],
    })),
  });
}
