import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import type { OnnxProbe } from "@bellwether/tree-model/onnx/read-onnx-model";
import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";
import type { ColumnRules } from "./check-rows.ts";
import type { OnnxInput } from "./run-onnx.ts";

/** A text that no encoder lists, so it is encoded as unknown. */
const UNKNOWN = "\u{1f50d}";

function textOf({ values, labels }: CategoryCodes, code: number): string {
  return labels?.[values.indexOf(code)] ?? UNKNOWN;
}

/** Returns the restrictions on the values of a probe's raw columns. */
export function probeRules(probe: OnnxProbe, columns: readonly BaseColumn[]): ColumnRules {
  const texts = probe.inputs.filter((input) => input.type === "string").map((input) => input.columns);
  const among = texts.flatMap(([only]) => {
    const codes = only === undefined ? undefined : columns[only]?.codes;
    if (only === undefined || codes === undefined) return [];
    return [[only, [...codes.values, codes.other ?? Number.NaN]] as const];
  });
  return {
    whole: new Set(probe.inputs.filter((input) => input.type === "int64").flatMap((input) => input.columns)),
    oneOf: texts.filter(([only]) => only !== undefined && columns[only]?.codes === undefined),
    among: new Map(among),
  };
}

/**
 * Converts raw rows to the input tensors of a probe.
 * @param rows Row-major `[count × columns.length]`.
 */
export function probeInputs(probe: OnnxProbe, columns: readonly BaseColumn[], rows: Float32Array): OnnxInput[] {
  const count = rows.length / columns.length;
  const at = (row: number, column: number): number => rows[row * columns.length + column];
  return probe.inputs.map(({ name, type, columns: bases }): OnnxInput => {
    if (type === "string") {
      const [only] = bases;
      const codes = only === undefined ? undefined : columns[only]?.codes;
      const values = Array.from({ length: count }, (_, row) => {
        if (codes !== undefined && only !== undefined) return textOf(codes, at(row, only));
        const chosen = bases.find((base) => at(row, base) === 1);
        return (chosen === undefined ? null : columns[chosen]?.category) ?? "";
      });
      return { name, columns: 1, data: { type, values } };
    }
    const flat = Array.from({ length: count * bases.length }, (_, cell) =>
      at(Math.floor(cell / bases.length), bases[cell % bases.length]),
    );
    const width = bases.length;
    if (type === "float32") return { name, columns: width, data: { type, values: Float32Array.from(flat) } };
    if (type === "float64") return { name, columns: width, data: { type, values: Float64Array.from(flat) } };
    return { name, columns: width, data: { type, values: BigInt64Array.from(flat, (value) => BigInt(value)) } };
  });
}
