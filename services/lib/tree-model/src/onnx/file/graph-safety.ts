import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { tensorsOf } from "./attributes.ts";
import type { OnnxFile } from "./onnx-file.ts";
import { rejectExternalData } from "./tensor.ts";

/** Operator-set domains whose operators this package knows. */
export const KNOWN_DOMAINS: ReadonlySet<string> = new Set(["", "ai.onnx.ml"]);

const CONTROL_FLOW: ReadonlySet<string> = new Set(["Loop", "Scan", "If", "SequenceMap"]);

/**
 * Rejects what a tree model never needs and what could harm or mislead the person who loads it: operators of
 * unknown domains, control flow, data in other files. Checks the whole graph, also the operators that no
 * output depends on.
 * @throws ImportRejectedError with kind "unsafe".
 */
export function rejectUnsafeGraph(file: OnnxFile): void {
  for (const node of file.nodes) {
    if (!KNOWN_DOMAINS.has(node.domain)) {
      const domain = node.domain.slice(0, 80);
      throw new ImportRejectedError(
        "unsafe",
        `operator ${node.opType} comes from the unknown operator domain "${domain}"`,
      );
    }
    if (CONTROL_FLOW.has(node.opType)) {
      throw new ImportRejectedError("unsafe", `the graph holds control flow (operator ${node.opType})`);
    }
    for (const attribute of node.attributes.values()) {
      if (attribute.hasGraph)
        throw new ImportRejectedError("unsafe", `operator ${node.opType} holds a graph of its own`);
      for (const tensor of tensorsOf(node, attribute.name)) rejectExternalData(tensor);
    }
  }
  for (const tensor of file.initializers.values()) rejectExternalData(tensor);
}
