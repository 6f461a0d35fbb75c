import type { InputColumn } from "../ensemble/input-column.ts";
import type { OnnxTensor } from "../file/tensor.ts";
import type { ScoreTensor } from "./score-tensor.ts";

/** Role of a tensor of the graph relative to the trees. */
export type Flow =
  /** A constant tensor that the file contains. */
  | { readonly kind: "constant"; readonly tensor: OnnxTensor }
  /** Numbers that the trees may read, `[rows, columns]`. */
  | { readonly kind: "columns"; readonly columns: readonly InputColumn[]; readonly elementType: number }
  /** A tensor of texts, `[rows, width]`: a graph input or one column of it. `name` is its display name. */
  | { readonly kind: "text"; readonly input: string; readonly name: string; readonly width: number }
  /** A graph input that holds a map from names to numbers. */
  | { readonly kind: "map" }
  /** Numbers computed from the outputs of the trees. */
  | { readonly kind: "scores"; readonly scores: ScoreTensor }
  /** The class that a classifier predicts. */
  | { readonly kind: "label" }
  /** A tensor that cannot be followed; `reason` is a sentence for the person who imports the file. */
  | { readonly kind: "other"; readonly reason: string };

/** Returns the role of a tensor that cannot be followed. */
export function notFollowed(reason: string): Flow {
  return { kind: "other", reason };
}
