import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** A model read from its trainer's own format. */
export interface NativeModel {
  readonly model: TreeModel;
  /** Column names, `[features]`. */
  readonly columnNames: readonly string[];
  /** Columns that hold category codes (integers ≥ 0). */
  readonly categorical: ReadonlySet<number>;
  /** Category codes of each column, `[features]`; null where the file does not give their meaning. */
  readonly codes: readonly (CategoryCodes | null)[];
  /** Smallest and largest training value of each column, `[features]`; null or unset where the file has none. */
  readonly ranges?: readonly (readonly [number, number] | null)[];
  readonly objective: string;
  /** Whether the model is a classifier. */
  readonly isClassifier: boolean;
  /** Notes for the person who imports the model: what the reader changed or left out. */
  readonly notes: readonly string[];
}
