/** Largest model file that is read. */
export const MAX_MODEL_BYTES = 64 * 1024 * 1024;

/** Columns that a row of any model may have. */
export const MAX_FEATURES = 65_536;

/** Outputs (classes, targets) that a model may have. */
export const MAX_OUTPUTS = 4096;

/** Deeper trees than any trainer grows; a runtime that follows children by recursion would not survive them. */
export const MAX_DEPTH = 1000;

/** Values (nodes × outputs) that the leaves of one model may take in memory. */
export const MAX_VALUES = 16_777_216;

/** Categories that one column may have codes for. */
export const MAX_CATEGORIES = 65_536;

/** Nodes that trees of one model may take beyond those of the file: where zero means missing, subtrees are written more than once. */
export const MAX_GROWN_NODES = 1_000_000;

/** Members that all set splits of one model may have together. */
export const MAX_MEMBERS = 4_194_304;
