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

/** The attribute's integers; an empty list when it is absent. */
export function integersOf(node: OnnxNode, name: string): number[] {
  const list: number[] = [];
  eachField(node, name, (cursor) => cursor.field === 8 && appendIntegers(cursor, list));
  return list;
}

/** The attribute's floats; an empty list when it is absent. */
export function floatsOf(node: OnnxNode, name: string): number[] {
  const list: number[] = [];
  eachField(node, name, (cursor) => cursor.field === 7 && appendFloats(cursor, list));
  return list;
}

/** The attribute's texts; an empty list when it is absent. */
export function textsOf(node: OnnxNode, name: string): string[] {
  const list: string[] = [];
  eachField(node, name, (cursor) => cursor.field === 9 && list.push(textOf(cursor)));
  return list;
}

/** The attribute's one integer, or `absent`. */
export function integerAttribute(node: OnnxNode, name: string, absent: number): number {
  let value = absent;
  eachField(node, name, (cursor) => {
    if (cursor.field === 3) value = integerOf(cursor);
  });
  return value;
}

/** The attribute's one float, or `absent`. */
export function floatAttribute(node: OnnxNode, name: string, absent: number): number {
  let value = absent;
  eachField(node, name, (cursor) => {
    if (cursor.field === 2) value = floatOf(cursor);
  });
  return value;
}

/** The attribute's one text, or `absent`. */
export function textAttribute(node: OnnxNode, name: string, absent: string): string {
  let value = absent;
  eachField(node, name, (cursor) => {
    if (cursor.field === 4) value = textOf(cursor);
  });
  return value;
}

/** The attribute's tensor as bytes of a TensorProto, or null. */
export function tensorAttribute(node: OnnxNode, name: string): Uint8Array | null {
  return tensorsOf(node, name)[0] ?? null;
}

/** All tensors of an attribute as bytes of TensorProtos. */
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
