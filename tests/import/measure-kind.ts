import { type ImportedModel, importModel } from "@bellwether/model-import/import-model";
import { readModelRows } from "@bellwether/model-import/rows/model-rows";
import { rowRounding } from "@bellwether/model-import/source/source-model";
import { createRowExplainer } from "@bellwether/scoring/model/row-explainer";
import { runOnnx } from "@bellwether/testing/run-onnx";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { oneOutput } from "@bellwether/tree-model/trees/one-output";
import { outputScales } from "@bellwether/tree-model/trees/output-scales";
import { type Kind, tableOf } from "./kinds.ts";

/** The result of a kind. Differences are relative to the magnitude that `outputScales` returns. */
export type Measured =
  | { readonly result: "no file"; readonly remark: string }
  | { readonly result: "rejected"; readonly remark: string }
  | {
      readonly result: "imported" | "misconverted";
      readonly space: string;
      readonly explanation: string;
      /** Largest relative difference of a score; null when the trainer gives no answers. */
      readonly score: number | null;
      /**
       * Largest relative difference of a contribution; null when there is no reference, with the reason in
       * `remark`.
       */
      readonly contributions: number | null;
      readonly remark: string;
    };

/** Maximum difference of a kind that is not misconverted. */
export const TOLERANCE = 1e-5;

/** Imports a kind's file and compares it with its trainer on all rows. */
export async function measureKind(kind: Kind, bytes: Uint8Array | null): Promise<Measured> {
  if (bytes === null) return { result: "no file", remark: `the exporter makes none: ${kind.reason ?? ""}` };
  const background = kind.background === undefined ? null : tableOf(kind.columns, kind.background);
  const task = { bytes, modelName: "matrix", background, riskClass: null, runOnnx };
  const imported = await importModel(task);
  if (imported.status === "rejected") return { result: "rejected", remark: imported.reason };
  const parts = { space: imported.bundle.outputSpace, explanation: imported.bundle.explanation.kind };
  const compare = (rows: readonly number[]) =>
    importModel({
      ...task,
      expected: tableOf(kind.columns, pick(kind.rows, rows), pick(kind.predictions ?? [], rows)),
    });
  const all = [...kind.rows.keys()];
  const checked = kind.predictions === undefined ? null : await compare(all);
  if (checked?.status === "rejected") {
    if (checked.kind !== "misconverted") throw new Error(`${kind.what}, ${kind.form}: ${checked.reason}`);
    // Rows with an odd index have no value exactly on a threshold.
    const beside = await compare(all.filter((row) => row % 2 === 1));
    if (beside.status === "rejected") {
      return { result: "misconverted", ...parts, score: null, contributions: null, remark: checked.reason };
    }
    const { difference } = await compareContributions(kind, imported);
    const remark = `only rows exactly on thresholds, which the converter rounded: ${checked.reason}`;
    const score = beside.trainer?.maxRelativeDifference ?? null;
    return { result: "misconverted", ...parts, score, contributions: difference, remark };
  }
  const { difference, reason } = await compareContributions(kind, imported);
  const notes = [...imported.notes, ...(reason === "" ? [] : [reason])];
  const score = checked?.trainer?.maxRelativeDifference ?? null;
  return { result: "imported", ...parts, score, contributions: difference, remark: notes.join("; ") };
}

const pick = <T>(list: readonly T[], places: readonly number[]): T[] => places.map((place) => list[place] as T);

/** Maximum share of rows that may be left out because the reference contradicts itself there. */
const MAX_LEFT_OUT = 0.5;

/**
 * Returns the largest relative difference of contributions to the reference, or the reason why there is none.
 */
async function compareContributions(
  kind: Kind,
  imported: ImportedModel,
): Promise<{ readonly difference: number | null; readonly reason: string }> {
  const { bundle, onnx, source } = imported;
  const none = (reason: string) => ({ difference: null, reason });
  if (bundle.explanation.kind === "none") return none("");
  if (kind.contributions === undefined) return none(kind.without ?? "the trainer gives no contributions of one output");
  const { model, classColumn } = readOnnxTreeModel(onnx);
  const explained = classColumn === null ? model : oneOutput(model, classColumn);
  const { rows, count } = readModelRows(
    tableOf(kind.columns, kind.explained ?? kind.rows),
    source.columns,
    source.hasNames,
    "none",
  );
  const values = Float32Array.from(rows, rowRounding(source.model));
  const explainer = await createRowExplainer(explained, bundle.explanation);
  if (explainer === null) throw new Error("the bundle declares an explanation that the model does not have");
  const found = explainer.explain(values, count);
  const answers = evaluateRows(explained, values);
  const scale = outputScales(explained)[0] as number;
  const reference = kind.form === "ONNX" ? "shap's" : `${kind.trainer}'s`;
  const base = kind.base ?? explainer.baseValue;
  let largest = 0;
  let leftOut = 0;
  for (const [row, due] of kind.contributions.entries()) {
    const own = found.subarray(row * model.features, (row + 1) * model.features);
    const answer = answers[row] as number;
    const total = own.reduce((sum, value) => sum + value, explainer.baseValue);
    largest = Math.max(largest, Math.abs(total - answer) / scale);
    // A reference whose contributions do not add up to the answer belongs to another model or another row.
    if (Math.abs(due.reduce((sum, value) => sum + value, base) - answer) / scale > TOLERANCE) {
      leftOut += 1;
      continue;
    }
    for (const [f, value] of due.entries()) {
      largest = Math.max(largest, Math.abs(featureSum(kind, imported, own, f) - value) / scale);
    }
  }
  if (leftOut > MAX_LEFT_OUT * count)
    return none(`${reference} contributions do not add up to the answer in ${leftOut} rows`);
  largest = Math.max(largest, Math.abs(explainer.baseValue - base) / scale);
  const reason =
    leftOut === 0
      ? ""
      : `contributions of ${count - leftOut} rows: shap's own do not add up to the answer in ${leftOut}, on thresholds`;
  return { difference: largest, reason };
}

/** Returns the contribution of one feature: the sum over its columns, since a category has several. */
function featureSum(kind: Kind, { source }: ImportedModel, own: Float32Array, feature: number): number {
  const names = [...new Set(source.columns.map((column) => column.name))];
  const name = source.hasNames ? kind.columns[feature] : names[feature];
  return source.columns.reduce((sum, column, c) => sum + (column.name === name ? (own[c] as number) : 0), 0);
}
