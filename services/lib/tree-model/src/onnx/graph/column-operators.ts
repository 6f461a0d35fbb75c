import { type InputColumn, mapColumn } from "../ensemble/input-column.ts";
import { floatAttribute, floatsOf, integerAttribute } from "../file/attributes.ts";
import type { OnnxNode } from "../file/onnx-file.ts";
import { ELEMENT, type OnnxTensor } from "../file/tensor.ts";
import { type Flow, notFollowed } from "./flow.ts";

type Columns = Extract<Flow, { kind: "columns" }>;

/**
 * Follows an operator before the trees. It can be followed when it treats each column separately and is
 * monotone, or when it only selects or joins columns.
 * @param flows Roles of the node's inputs; at least one of them has kind "columns".
 */
export function followColumns(node: OnnxNode, flows: readonly Flow[]): Flow {
  const [first, second] = flows;
  switch (node.opType) {
    case "Identity":
      return first ?? notFollowed("Identity of nothing");
    case "Concat":
    case "FeatureVectorizer":
      return joinColumns(node, flows);
  }
  if (first?.kind !== "columns") {
    return first?.kind === "constant" && second?.kind === "columns"
      ? arithmetic(node, second, first.tensor, true)
      : notFollowed(`operator ${node.opType} before the trees is not followed`);
  }
  switch (node.opType) {
    case "Cast":
      return cast(node, first);
    case "Scaler":
      return scale(node, first);
    case "Imputer":
      return impute(node, first);
    case "Reshape":
    case "Flatten":
      return keepShape(node, first, second);
    case "ArrayFeatureExtractor":
    case "Gather":
      return pickColumns(node, first, second);
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
      return second?.kind === "constant"
        ? arithmetic(node, first, second.tensor, false)
        : notFollowed(`operator ${node.opType} before the trees joins two computed tensors`);
    default:
      return notFollowed(`operator ${node.opType} before the trees does not treat each column by itself`);
  }
}

function joinColumns(node: OnnxNode, flows: readonly Flow[]): Flow {
  if (node.opType === "Concat" && !isColumnAxis(integerAttribute(node, "axis", 0)))
    return notFollowed("Concat joins rows");
  const parts: Columns[] = [];
  for (const flow of flows) {
    if (flow.kind === "other") return flow;
    if (flow.kind !== "columns") return notFollowed(`${node.opType} joins columns with something else`);
    parts.push(flow);
  }
  const elementType = node.opType === "Concat" ? (parts[0]?.elementType ?? ELEMENT.float) : ELEMENT.float;
  return { kind: "columns", columns: parts.flatMap((part) => part.columns), elementType };
}

function cast(node: OnnxNode, from: Columns): Flow {
  const to = integerAttribute(node, "to", 0);
  if (to === from.elementType) return from;
  // A raw float32 value has the same value as a double. Only a computed double is rounded when it is cast to
  // float32.
  if (to === ELEMENT.double) return { ...from, elementType: to };
  if (to !== ELEMENT.float) return notFollowed(`Cast to element type ${to} before the trees is not followed`);
  return mapAll(from, to, () => [Math.fround, true]);
}

function scale(node: OnnxNode, from: Columns): Flow {
  const offsets = floatsOf(node, "offset");
  const scales = floatsOf(node, "scale");
  const at = (list: readonly number[], column: number): number =>
    (list.length === 1 ? list[0] : list[column]) ?? Number.NaN;
  if (from.columns.some((_, c) => !usable(at(scales, c)) || !Number.isFinite(at(offsets, c)))) {
    return notFollowed("a Scaler has a factor of zero, or fewer numbers than columns");
  }
  const isDouble = from.elementType === ELEMENT.double;
  return mapAll(from, ELEMENT.float, (c) => {
    const offset = at(offsets, c);
    const factor = at(scales, c);
    const step = isDouble
      ? (x: number) => Math.fround((x - offset) * factor)
      : (x: number) => Math.fround(Math.fround(Math.fround(x) - offset) * factor);
    return [step, factor > 0];
  });
}

function impute(node: OnnxNode, from: Columns): Flow {
  const values = floatsOf(node, "imputed_value_floats");
  if (!Number.isNaN(floatAttribute(node, "replaced_value_float", 0))) {
    return notFollowed("an Imputer replaces a number, not missing values, and so breaks the order of values");
  }
  if (values.length !== 1 && values.length !== from.columns.length)
    return notFollowed("an Imputer lacks values for its columns");
  return mapAll(from, from.elementType, (c) => {
    const value = (values.length === 1 ? values[0] : values[c]) ?? Number.NaN;
    return [(x) => (Number.isNaN(x) ? value : x), true];
  });
}

function keepShape(node: OnnxNode, from: Columns, shape: Flow | undefined): Flow {
  if (node.opType === "Flatten") {
    return integerAttribute(node, "axis", 1) === 1 ? from : notFollowed("Flatten before the trees changes the columns");
  }
  const dims = shape?.kind === "constant" ? shape.tensor.values : [];
  const keeps = dims.length === 2 && dims[0] === -1 && dims[1] === from.columns.length;
  return keeps ? from : notFollowed("Reshape before the trees changes the columns");
}

function pickColumns(node: OnnxNode, from: Columns, places: Flow | undefined): Flow {
  if (places?.kind !== "constant") return notFollowed(`${node.opType} picks columns that are known only when it runs`);
  if (node.opType === "Gather" && !isColumnAxis(integerAttribute(node, "axis", 0)))
    return notFollowed("Gather picks rows");
  const columns: InputColumn[] = [];
  for (const place of places.tensor.values) {
    const column = from.columns.at(place);
    if (column === undefined || !Number.isInteger(place)) return notFollowed(`${node.opType} picks column ${place}`);
    columns.push(column);
  }
  return { ...from, columns };
}

function arithmetic(node: OnnxNode, from: Columns, constant: OnnxTensor, constantFirst: boolean): Flow {
  const wide = constant.values.length === from.columns.length && constant.dims.length <= 2;
  if (constant.values.length !== 1 && !wide) return notFollowed(`${node.opType} before the trees changes the columns`);
  const round = from.elementType === ELEMENT.double ? (x: number) => x : Math.fround;
  const steps = from.columns.map((_, c): [(x: number) => number, boolean] | null => {
    const k = (wide ? constant.values[c] : constant.values[0]) ?? Number.NaN;
    if (!Number.isFinite(k)) return null;
    if (node.opType === "Add") return [(x) => round(x + k), true];
    if (node.opType === "Sub") return constantFirst ? [(x) => round(k - x), false] : [(x) => round(x - k), true];
    if (node.opType === "Mul") return usable(k) ? [(x) => round(x * k), k > 0] : null;
    // k ÷ x is not monotone across zero.
    return usable(k) && !constantFirst && node.opType === "Div" ? [(x) => round(x / k), k > 0] : null;
  });
  if (steps.includes(null)) return notFollowed(`${node.opType} before the trees does not keep the order of values`);
  return mapAll(from, from.elementType, (c) => steps[c] ?? [(x) => x, true]);
}

function mapAll(
  from: Columns,
  elementType: number,
  stepOf: (column: number) => readonly [step: (x: number) => number, rising: boolean],
): Columns {
  const columns = from.columns.map((column, c) => mapColumn(column, ...stepOf(c)));
  return { kind: "columns", columns, elementType };
}

function usable(factor: number): boolean {
  return Number.isFinite(factor) && factor !== 0;
}

function isColumnAxis(axis: number): boolean {
  return axis === 1 || axis === -1;
}
