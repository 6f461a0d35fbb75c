import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";
import type { TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** A model read from its trainer's own file. */
export interface NativeModel {
  readonly model: TreeModel;
  /** Column names, `[features]`. */
  readonly columnNames: readonly string[];
  /** Columns that hold category codes (whole numbers ≥ 0). */
  readonly categorical: ReadonlySet<number>;
  /** What the codes of each column mean, null where the file does not say; `[features]`. */
  readonly codes: readonly (CategoryCodes | null)[];
  readonly objective: string;
  /** Whether the model tells classes apart. */
  readonly isClassifier: boolean;
  /** What the reader changed or left out, for the person who imports. */
  readonly notes: readonly string[];
}
