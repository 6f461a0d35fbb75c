import type { DescField, DescMessage, JsonObject, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { isMessage } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { TimestampSchema, timestampDate } from "@bufbuild/protobuf/wkt";

/**
 * Converts a message to conventional JSON: snake_case names, numbers for 64-bit counts, enum values as
 * lower-case words, times in ISO 8601, null for unset fields. Only for counts below 2⁵³ and for messages
 * without maps, oneofs and bytes.
 */
export function plainJson<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonObject {
  const reflected = reflect(schema, message);
  const entries = reflected.fields.map((field): [string, JsonValue] => {
    const isUnset = field.presence !== IMPLICIT && !reflected.isSet(field);
    return [field.name, isUnset ? null : valueOfField(field, Reflect.get(message, field.localName))];
  });
  return Object.fromEntries(entries);
}

/** FieldPresence.IMPLICIT of descriptor.proto: a field that cannot be unset. */
const IMPLICIT = 2;

function valueOfField(field: DescField, value: unknown): JsonValue {
  if (field.fieldKind === "list") return Array.isArray(value) ? value.map((item) => single(field, item)) : [];
  return single(field, value);
}

function single(field: DescField, value: unknown): JsonValue {
  if (field.enum) return field.enum.value[Number(value)]?.localName.toLowerCase() ?? Number(value);
  if (field.message && isMessage(value, TimestampSchema)) return timestampDate(value).toISOString();
  if (field.message && isMessage(value, field.message)) return plainJson(field.message, value);
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
