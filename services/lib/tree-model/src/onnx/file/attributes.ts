import type { OnnxNode } from "./onnx-file.ts";
import {
  appendFloats,
  appendIntegers,
  bytesOf,
  floatOf,
  integerOf,
  nextField,
  openMessage,
  textOf,
  type WireCursor,
} from "./wire.ts";

/** Returns the attribute's integers; an empty list when the attribute is absent. */
export function integersOf(node: OnnxNode, name: string): number[] {
  const list: number[] = [];
  eachField(node, name, (cursor) => cursor.field === 8 && appendIntegers(cursor, list));
  return list;
}

/** Returns the attribute's floats; an empty list when the attribute is absent. */
export function floatsOf(node: OnnxNode, name: string): number[] {
  const list: number[] = [];
  eachField(node, name, (cursor) => cursor.field === 7 && appendFloats(cursor, list));
  return list;
}

/** Returns the attribute's strings; an empty list when the attribute is absent. */
export function textsOf(node: OnnxNode, name: string): string[] {
  const list: string[] = [];
  eachField(node, name, (cursor) => cursor.field === 9 && list.push(textOf(cursor)));
  return list;
}

/** Returns the attribute's integer, or `absent` when there is no attribute of that name. */
export function integerAttribute(node: OnnxNode, name: string, absent: number): number {
  let value = absent;
  eachField(node, name, (cursor) => {
    if (cursor.field === 3) value = integerOf(cursor);
  });
  return value;
}

/** Returns the attribute's float, or `absent` when there is no attribute of that name. */
export function floatAttribute(node: OnnxNode, name: string, absent: number): number {
  let value = absent;
  eachField(node, name, (cursor) => {
    if (cursor.field === 2) value = floatOf(cursor);
  });
  return value;
}

/** Returns the attribute's string, or `absent` when there is no attribute of that name. */
export function textAttribute(node: OnnxNode, name: string, absent: string): string {
  let value = absent;
  eachField(node, name, (cursor) => {
    if (cursor.field === 4) value = textOf(cursor);
  });
  return value;
}

/** Returns the attribute's encoded TensorProto, or null. */
export function tensorAttribute(node: OnnxNode, name: string): Uint8Array | null {
  return tensorsOf(node, name)[0] ?? null;
}

/** Returns the encoded TensorProtos of an attribute. */
export function tensorsOf(node: OnnxNode, name: string): Uint8Array[] {
  const list: Uint8Array[] = [];
  eachField(node, name, (cursor) => (cursor.field === 5 || cursor.field === 10) && list.push(bytesOf(cursor)));
  return list;
}

function eachField(node: OnnxNode, name: string, visit: (cursor: WireCursor) => void): void {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return;
  const cursor = openMessage(attribute.body);
  while (nextField(cursor)) visit(cursor);
}
