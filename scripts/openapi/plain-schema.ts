import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { Schema } from "./message-schema.ts";

/** FieldPresence.IMPLICIT of descriptor.proto: a field that cannot be unset. */
const IMPLICIT = 2;
const PREFIX = "plain.";

/** Name of the schema of a message in the JSON of REST paths. */
export const plainName = ({ typeName }: DescMessage): string => `${PREFIX}${typeName}`;

/** Returns the reference to the schema of a message in the JSON of REST paths. */
export const plainReference = (message: DescMessage): Schema => ({
  $ref: `#/components/schemas/${plainName(message)}`,
});

/**
 * Returns the schemas of messages, and of all messages in them, in the JSON of REST paths: names in snake_case, all
 * fields present, null for unset ones, names of enums in lower case, times in ISO 8601.
 */
export function plainSchemas(
  messages: readonly DescMessage[],
  comment: (of: DescField) => string,
): Record<string, Schema> {
  const found = new Map<string, Schema>();
  const visit = (message: DescMessage): void => {
    if (found.has(plainName(message)) || isTime(message)) return;
    const properties = message.fields.map((field) => {
      const description = comment(field);
      return [field.name, { ...(description !== "" && { description }), ...plainField(field) }];
    });
    found.set(plainName(message), {
      type: "object",
      properties: Object.fromEntries(properties),
      required: message.fields.map(({ name }) => name),
      additionalProperties: false,
    });
    for (const field of message.fields) if (field.message) visit(field.message);
  };
  for (const message of messages) visit(message);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isTime = ({ typeName }: DescMessage): boolean => typeName === "google.protobuf.Timestamp";

function plainField(field: DescField): Schema {
  const value = plainValue(field);
  if (field.fieldKind === "list") return { type: "array", items: value };
  return field.presence === IMPLICIT ? value : { anyOf: [value, { type: "null" }] };
}

function plainValue({ message, enum: enumeration, scalar }: DescField): Schema {
  if (message) return isTime(message) ? { type: "string", format: "date-time" } : plainReference(message);
  if (enumeration) return { enum: enumNames(enumeration) };
  if (scalar === ScalarType.STRING) return { type: "string" };
  if (scalar === ScalarType.BOOL) return { type: "boolean" };
  return { type: scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT ? "number" : "integer" };
}

const enumNames = ({ values }: DescEnum): string[] => values.map(({ localName }) => localName.toLowerCase());
