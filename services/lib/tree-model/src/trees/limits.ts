/** Maximum size of a model file, in bytes. */
export const MAX_MODEL_BYTES = 64 * 1024 * 1024;

/** Maximum number of columns of a model's input row. */
export const MAX_FEATURES = 65_536;

/** Maximum number of outputs (classes, targets) of a model. */
export const MAX_OUTPUTS = 4096;

/**
 * Maximum number of levels of a tree: more than any trainer creates. A runtime that visits children
 * recursively would overflow its stack on deeper trees.
 */
export const MAX_DEPTH = 1000;

/** Maximum number of values (nodes × outputs) that a model may hold in memory. */
export const MAX_VALUES = 16_777_216;

/** Maximum number of category codes of one column. */
export const MAX_CATEGORIES = 65_536;

/**
 * Maximum number of nodes that the trees of one model may have in addition to those of the file. Where zero
 * means missing, the importer writes subtrees more than once.
 */
export const MAX_GROWN_NODES = 1_000_000;

/** Maximum number of members of all set splits of one model together. */
export const MAX_MEMBERS = 4_194_304;
