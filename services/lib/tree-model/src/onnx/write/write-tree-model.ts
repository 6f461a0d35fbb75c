import { AttributeProto_AttributeType, ModelProtoSchema, TensorProto_DataType } from "@bellwether/gen/onnx/onnx_pb";
import { create, toBinary } from "@bufbuild/protobuf";
import type { TreeModel } from "../../trees/tree-model.ts";
import { COVERS_KEY } from "../ensemble/covers.ts";

/** Version of the ONNX file format and of the operator set. Both are old enough for every runtime in use. */
const IR_VERSION = 8n;
const ML_OPSET = 3n;

const floats = (name: string, values: Iterable<number>) => ({
  name,
  type: AttributeProto_AttributeType.FLOATS,
  floats: [...values],
});
const ints = (name: string, values: Iterable<number>) => ({
  name,
  type: AttributeProto_AttributeType.INTS,
  ints: Array.from(values, BigInt),
});
const strings = (name: string, values: readonly string[]) => {
  const encoder = new TextEncoder();
  return {
    name,
    type: AttributeProto_AttributeType.STRINGS,
    strings: values.map((value) => encoder.encode(value)),
  };
};
const int = (name: string, value: number) => ({ name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
const string = (name: string, value: string) => ({
  name,
  type: AttributeProto_AttributeType.STRING,
  s: new TextEncoder().encode(value),
});
const matrix = (name: string, columns: number) => ({
  name,
  type: {
    value: {
      case: "tensorType" as const,
      value: {
        elemType: TensorProto_DataType.FLOAT,
        shape: {
          dim: [
            { value: { case: "dimParam" as const, value: "rows" } },
            { value: { case: "dimValue" as const, value: BigInt(columns) } },
          ],
        },
      },
    },
  },
});

/** The model has a set split, and the written operator has no node for it. */
export class SetSplitExportError extends Error {
  override readonly name = "SetSplitExportError" as const;
  constructor() {
    super(
      "the model splits on sets of categories, which this export does not write; score it through its original file",
    );
  }
}

/**
 * Writes a model as ONNX: one TreeEnsembleRegressor (ai.onnx.ml 3) with input `input`, float32 [rows,
 * features], and output `output`, float32 [rows, outputs]. The output is the sum of the leaves and the base,
 * without the link function. Covers are written to `nodes_hitrates`, and the metadata declares them. Equal
 * models have equal bytes.
 * @throws SetSplitExportError when the model has set splits.
 */
export function writeOnnxTreeModel(model: TreeModel): Uint8Array {
  const nodes = {
    tree: [] as number[],
    id: [] as number[],
    feature: [] as number[],
    mode: [] as string[],
    value: [] as number[],
  };
  const links = { yes: [] as number[], no: [] as number[], missing: [] as number[], cover: [] as number[] };
  const leaves = { tree: [] as number[], node: [] as number[], target: [] as number[], weight: [] as number[] };
  for (const [t, tree] of model.trees.entries()) {
    if (tree.members.size > 0) throw new SetSplitExportError();
    for (let node = 0; node < tree.feature.length; node++) {
      const feature = tree.feature[node];
      nodes.tree.push(t);
      nodes.id.push(node);
      nodes.feature.push(Math.max(0, feature));
      nodes.mode.push(feature < 0 ? "LEAF" : "BRANCH_LEQ");
      nodes.value.push(feature < 0 ? 0 : tree.threshold[node]);
      links.yes.push(feature < 0 ? 0 : tree.left[node]);
      links.no.push(feature < 0 ? 0 : tree.right[node]);
      links.missing.push(feature < 0 ? 0 : tree.defaultLeft[node]);
      links.cover.push(tree.cover[node]);
      if (feature >= 0) continue;
      for (let k = 0; k < model.outputs; k++) {
        leaves.tree.push(t);
        leaves.node.push(node);
        leaves.target.push(k);
        leaves.weight.push(tree.value[node * model.outputs + k]);
      }
    }
  }
  const attribute = [
    int("n_targets", model.outputs),
    string("post_transform", "NONE"),
    string("aggregate_function", "SUM"),
    floats("base_values", model.base),
    ints("nodes_treeids", nodes.tree),
    ints("nodes_nodeids", nodes.id),
    ints("nodes_featureids", nodes.feature),
    strings("nodes_modes", nodes.mode),
    floats("nodes_values", nodes.value),
    ints("nodes_truenodeids", links.yes),
    ints("nodes_falsenodeids", links.no),
    ints("nodes_missing_value_tracks_true", links.missing),
    ...(model.hasCovers ? [floats("nodes_hitrates", links.cover)] : []),
    ints("target_treeids", leaves.tree),
    ints("target_nodeids", leaves.node),
    ints("target_ids", leaves.target),
    floats("target_weights", leaves.weight),
  ];
  const file = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "bellwether",
    opsetImport: [
      { domain: "", version: 17n },
      { domain: "ai.onnx.ml", version: ML_OPSET },
    ],
    metadataProps: model.hasCovers ? [{ key: COVERS_KEY, value: "training" }] : [],
    graph: {
      name: "risk",
      node: [
        {
          opType: "TreeEnsembleRegressor",
          domain: "ai.onnx.ml",
          name: "trees",
          input: ["input"],
          output: ["output"],
          attribute,
        },
      ],
      input: [matrix("input", model.features)],
      output: [matrix("output", model.outputs)],
    },
  });
  return toBinary(ModelProtoSchema, file);
}
