import type { JsonFields } from "../text/json-fields.ts";

/**
 * Keys of XGBoost model files (1.0 to 3.4) that the reader uses or that are known not to change scores.
 * `weight_drop` changes scores: `treeWeights` reads it from each object that lists it here.
 */
const KEYS = {
  file: ["learner", "version"],
  learner: ["attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param", "objective"],
  parameters: ["base_score", "boost_from_average", "num_class", "num_feature", "num_target"],
  booster: ["gbtree", "model", "name", "weight_drop"],
  model: ["cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees", "weight_drop"],
  size: ["num_feature", "num_parallel_tree", "num_roots", "num_trees", "size_leaf_vector"],
  tree: [
    "base_weights",
    "categories",
    "categories_nodes",
    "categories_segments",
    "categories_sizes",
    "default_left",
    "id",
    "leaf_child_counts",
    "leaf_weights",
    "left_children",
    "loss_changes",
    "parents",
    "right_children",
    "split_conditions",
    "split_indices",
    "split_type",
    "sum_hessian",
    "tree_param",
  ],
  treeSize: ["max_depth", "num_deleted", "num_feature", "num_nodes", "num_roots", "size_leaf_vector"],
} as const;

/** Parameters of an objective affect training only; the trees do not depend on them. */
const isObjectiveKey = (key: string): boolean => key === "name" || /^[a-z_]+_param$|^t[ij][+-]$/.test(key);

/**
 * Checks the keys of an object of the file.
 * @param kind Kind of the object.
 * @throws ImportRejectedError when it has an unknown key.
 */
export function allowXgboostKeys(fields: JsonFields, kind: keyof typeof KEYS | "objective"): void {
  if (kind === "objective") fields.allowOnly(isObjectiveKey);
  else {
    const known: readonly string[] = KEYS[kind];
    fields.allowOnly((key) => known.includes(key));
  }
}
