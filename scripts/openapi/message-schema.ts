import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { fieldBounds } from "./field-bounds.ts";

/** A JSON schema, or a part of an OpenAPI document. */
export type Schema = { readonly [name: string]: unknown };

const SCALARS: Readonly<Partial<Record<ScalarType, Schema>>> = {
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.INT32]: { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  [ScalarType.UINT32]: { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 },
};
/** Numbers that have no form of their own in JSON are texts in proto JSON. */
const FLOAT: Schema = { anyOf: [{ type: "number" }, { enum: ["NaN", "Infinity", "-Infinity"] }] };
/** 64-bit integers are texts in proto JSON. */
const LONG: Schema = { type: "string", pattern: "^-?[0-9]+$" };

const WELL_KNOWN: Readonly<Record<string, Schema>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]+)?s$" },
};

/** Returns the reference to the schema of a message or enum. */
export const reference = ({ typeName }: DescMessage | DescEnum): Schema => ({
  $ref: `#/components/schemas/${typeName}`,
});

/**
 * Returns the schema of a message in proto JSON, as responses have it: names in lowerCamelCase, fields with default
 * values left out. @param comment Returns the comment of a field.
 */
export function messageSchema(message: DescMessage, comment: (of: DescField) => string): Schema {
  const properties = message.fields.map((field) => {
    const description = comment(field);
    const of = field.oneof?.name;
    return [
      field.jsonName,
      { ...(description !== "" && { description }), ...(of && { "x-oneof": of }), ...fieldSchema(field) },
    ];
  });
  const required = message.fields.filter((field) => fieldBounds(field).isRequired).map(({ jsonName }) => jsonName);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function fieldSchema(field: DescField): Schema {
  const { own, items, keys } = fieldBounds(field);
  const value = (bounds: Schema): Schema => bounded(valueSchema(field.scalar, field.message, field.enum), bounds);
  switch (field.fieldKind) {
    case "list":
      return { type: "array", ...own, items: value(items) };
    case "map":
      return {
        type: "object",
        ...own,
        ...(Object.keys(keys).length > 0 && { propertyNames: keys }),
        additionalProperties: value(items),
      };
    default:
      return value(own);
  }
}

/** Returns a schema with bounds. The bounds of a number do not concern the texts NaN and Infinity. */
function bounded(schema: Schema, bounds: Schema): Schema {
  if (Object.keys(bounds).length === 0) return schema;
  if (schema === FLOAT) return "anyOf" in bounds ? bounds : { type: "number", ...bounds };
  return { ...schema, ...bounds };
}

function valueSchema(
  scalar: ScalarType | undefined,
  message: DescMessage | undefined,
  enumeration: DescEnum | undefined,
): Schema {
  if (message) return WELL_KNOWN[message.typeName] ?? reference(message);
  if (enumeration) return reference(enumeration);
  if (scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT) return FLOAT;
  return (scalar === undefined ? undefined : SCALARS[scalar]) ?? LONG;
}

/** Returns all messages and enums that a message contains, the message included. */
export function reachable(message: DescMessage, found = new Set<DescMessage | DescEnum>()) {
  if (found.has(message) || WELL_KNOWN[message.typeName] !== undefined) return found;
  found.add(message);
  for (const field of message.fields) {
    if (field.enum) found.add(field.enum);
    if (field.message) reachable(field.message, found);
  }
  return found;
}
