import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import type { OnnxFile } from "../file/onnx-file.ts";

const WAY_OUT =
  "export a single tree model (forest, boosting), with no steps but those before it that scale, impute or encode single columns";

/** Returns the error for a graph that cannot be followed: the reason, what the file is, and the way out. */
export function notSupported({ graphName, producer }: OnnxFile, reason: string): ImportRejectedError {
  const estimator = producer === "skl2onnx" ? /^ONNX\((\w{1,60})\)$/.exec(graphName)?.[1] : undefined;
  const what = estimator === undefined ? "" : `; the file is scikit-learn's ${estimator}`;
  return new ImportRejectedError("unsupported", `${reason}${what}; ${WAY_OUT}`);
}
