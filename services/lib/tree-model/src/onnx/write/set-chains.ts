import { ModelProtoSchema } from "@bellwether/gen/onnx/onnx_pb";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Tree, TreeModel } from "../../trees/tree-model.ts";
import { writeOnnxTreeModel } from "./write-tree-model.ts";

/**
 * Writes a model with set splits as ONNX. A set becomes a chain of equality nodes on one feature that share
 * their yes child. ONNX Runtime evaluates the chain as one membership test, and `readOnnxTreeModel` reads it
 * back as one set. For a model without sets the bytes are those of `writeOnnxTreeModel`.
 */
export function writeOnnxTreeModelWithSets(model: TreeModel): Uint8Array {
  if (model.trees.every((tree) => tree.members.size === 0)) return writeOnnxTreeModel(model);
  const unfolded = model.trees.map(unfoldSets);
  const bytes = writeOnnxTreeModel({ ...model, trees: unfolded.map(({ tree }) => tree) });
  const file = fromBinary(ModelProtoSchema, bytes);
  const modes = file.graph?.node[0]?.attribute.find((attribute) => attribute.name === "nodes_modes");
  const equality = new TextEncoder().encode("BRANCH_EQ");
  let offset = 0;
  for (const { tree, chained } of unfolded) {
    for (const node of chained) if (modes !== undefined) modes.strings[offset + node] = equality;
    offset += tree.feature.length;
  }
  return toBinary(ModelProtoSchema, file);
}

/**
 * A tree whose nodes in `chained` test for equality with their threshold. These nodes share children, unlike
 * those of a canonical tree.
 */
interface Unfolded {
  readonly tree: Tree;
  readonly chained: readonly number[];
}

/**
 * Creates a node for each member of a set. The first takes the index of the set's node, the others come after
 * all nodes.
 */
function unfoldSets(tree: Tree): Unfolded {
  const size = tree.feature.length;
  const added = [...tree.members.values()].reduce((sum, members) => sum + members.length - 1, 0);
  const grow = <A extends Int32Array | Float32Array | Float64Array | Uint8Array>(grown: A, from: A): A => {
    grown.set(from);
    return grown;
  };
  const outputs = tree.value.length / size;
  const next: Tree = {
    feature: grow(new Int32Array(size + added), tree.feature),
    threshold: grow(new Float32Array(size + added), tree.threshold),
    left: grow(new Int32Array(size + added), tree.left),
    right: grow(new Int32Array(size + added), tree.right),
    defaultLeft: grow(new Uint8Array(size + added), tree.defaultLeft),
    cover: grow(new Float64Array(size + added), tree.cover),
    value: grow(new Float64Array((size + added) * outputs), tree.value),
    members: new Map(),
  };
  const chained: number[] = [];
  let free = size;
  for (const [head, members] of tree.members) {
    const otherwise = tree.right[head];
    let node = head;
    for (const [at, member] of members.entries()) {
      const isLast = at === members.length - 1;
      next.feature[node] = tree.feature[head];
      next.threshold[node] = member;
      next.left[node] = tree.left[head];
      next.right[node] = isLast ? otherwise : free;
      next.defaultLeft[node] = tree.defaultLeft[head];
      next.cover[node] = tree.cover[head];
      chained.push(node);
      if (!isLast) node = free++;
    }
  }
  return { tree: next, chained };
}
