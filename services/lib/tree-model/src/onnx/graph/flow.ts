import type { InputColumn } from "../ensemble/input-column.ts";
import type { OnnxTensor } from "../file/tensor.ts";
import type { ScoreTensor } from "./score-tensor.ts";

/** What a tensor of the graph is to the trees. */
export type Flow =
  /** Known when the file is read. */
  | { readonly kind: "constant"; readonly tensor: OnnxTensor }
  /** Numbers on the way to the trees, `[rows, columns]`. */
  | { readonly kind: "columns"; readonly columns: readonly InputColumn[]; readonly elementType: number }
  /** A tensor of texts, `[rows, width]`: a graph input or a column of one, with its name for people. */
  | { readonly kind: "text"; readonly input: string; readonly name: string; readonly width: number }
  /** A graph input that holds a map from names to numbers. */
  | { readonly kind: "map" }
  /** Numbers that come from the trees. */
  | { readonly kind: "scores"; readonly scores: ScoreTensor }
  /** The class a classifier decides for. */
  | { readonly kind: "label" }
  /** Nothing that can be followed; the reason is a sentence for people. */
  | { readonly kind: "other"; readonly reason: string };

/** A tensor that cannot be followed. */
export function lost(reason: string): Flow {
  return { kind: "other", reason };
}
