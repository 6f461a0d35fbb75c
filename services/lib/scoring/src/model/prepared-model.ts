import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { readOnnxTreeModel } from "@bellwether/tree-model/onnx/read-tree-ensemble";
import { outputScales } from "@bellwether/tree-model/trees/output-scales";
import { nextTurn } from "../runtime/event-loop-turn.ts";
import type { MarginOutput } from "../runtime/onnx-session.ts";
import { explainedOutput } from "./explained-output.ts";
import type { CheckList } from "./model-check.ts";
import { ModelRejectedError } from "./model-rejected-error.ts";
import { type CompiledRowExplainer, compileRowExplainer } from "./row-explainer.ts";
import { contractViolations, type ServiceContract } from "./service-contract.ts";

/**
 * What is read from model.onnx, as plain data: a thread that answers calls gets it from another thread, because reading and compiling
 * a model of 64 MiB takes seconds.
 */
export interface PreparedModel {
  /** The file to run, if it is not model.onnx itself: with the margins of the classes as a second output. */
  readonly extendedOnnx: Uint8Array | null;
  readonly margin: MarginOutput | null;
  readonly explainer: CompiledRowExplainer;
  /** Whether the output is one sum of trees. */
  readonly isSumOfTrees: boolean;
  /** Sizes of the summands of the margin. */
  readonly scale: number;
}

/**
 * Reads model.onnx, and compiles its explainer. Makes the checks "operators" and "contract".
 * @param columns number of columns that the bundle describes
 * @throws ModelRejectedError, and errors of the ONNX reader
 */
export async function prepareModel(
  onnx: Uint8Array,
  { bundle, columns }: { readonly bundle: FeatureBundle; readonly columns: number },
  list: CheckList,
  contract: ServiceContract | null,
): Promise<PreparedModel> {
  const { model, classColumn } = await list.make("operators", () => {
    const read = readOnnxTreeModel(onnx);
    if (read.model.features !== columns)
      throw new ModelRejectedError(`model.onnx takes ${read.model.features} columns, its bundle describes ${columns}`);
    return read;
  });
  await checkContract(bundle, list, contract);
  await nextTurn();
  const explained = await explainedOutput(onnx, model, classColumn, bundle);
  const explainer = await compileRowExplainer(explained.model, bundle.explanation).catch((cause: unknown) => {
    if (!(cause instanceof Error)) throw cause;
    throw new ModelRejectedError(`the bundle's explanation does not fit model.onnx: ${cause.message}`, { cause });
  });
  await nextTurn();
  return {
    extendedOnnx: explained.onnx === onnx ? null : explained.onnx,
    ...{ margin: explained.margin, explainer },
    isSumOfTrees: classColumn === null && model.outputs === 1,
    scale: outputScales(explained.model)[0] as number,
  };
}

async function checkContract(bundle: FeatureBundle, list: CheckList, contract: ServiceContract | null): Promise<void> {
  if (contract === null) return list.skip("contract", "this service has no configuration of a model");
  if (contract.name !== bundle.modelName)
    return list.skip("contract", `the configuration is of the model "${contract.name}"`);
  await list.make("contract", () => {
    const violations = contractViolations(bundle, contract);
    if (violations.length > 0)
      throw new ModelRejectedError(
        `it does not take what this service is configured for: ${violations.slice(0, 5).join("; ")}${violations.length > 5 ? `; and ${violations.length - 5} more` : ""}`,
      );
  });
}

/** Returns the buffers of a prepared model, for a transfer to another thread. The model cannot be used here afterwards. */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): ReadonlySet<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (value instanceof Map) for (const each of value.values()) buffersOf(each, found);
  else if (typeof value === "object" && value !== null) for (const each of Object.values(value)) buffersOf(each, found);
  return found;
}
