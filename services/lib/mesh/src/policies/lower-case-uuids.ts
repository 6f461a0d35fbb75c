import { type DescField, type DescMessage, getOption, hasOption, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

/** A UUID in any case. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Returns a function that writes the UUIDs of a request in lower case (RFC 9562 §4 accepts both), so that handlers may
 * compare ids and requests as texts. A UUID is a text whose field has the rule `string.uuid`, also in lists, in messages of
 * messages and in the fields of a oneof; maps are not read. Other texts stay as they are: validation rejects them.
 */
export function createUuidWriter(): (input: DescMessage, message: Message) => void {
  const fieldsOf = createFieldFinder();
  const write = (fields: readonly DescField[], message: ReflectMessage): void => {
    for (const field of fields) {
      if (!message.isSet(field)) continue;
      if (field.fieldKind === "scalar") message.set(field, lowerCase(message.get(field)));
      else if (field.fieldKind === "message") write(fieldsOf(field.message), message.get(field));
      else if (field.fieldKind === "list") {
        const list = message.get(field);
        for (let i = 0; i < list.size; i++)
          if (field.listKind === "message") write(fieldsOf(field.message), list.get(i) as ReflectMessage);
          else list.set(i, lowerCase(list.get(i)));
      }
    }
  };
  return (input, message) => {
    const fields = fieldsOf(input);
    if (fields.length > 0) write(fields, reflect(input, message, false));
  };
}

const lowerCase = (value: unknown): unknown =>
  typeof value === "string" && UUID.test(value) ? value.toLowerCase() : value;

/** Returns a function that finds the fields of a message that are UUIDs, or that have messages with UUIDs in them. */
function createFieldFinder(): (message: DescMessage) => readonly DescField[] {
  const found = new Map<DescMessage, readonly DescField[]>();
  const hasUuids = (message: DescMessage, seen: Set<DescMessage>): boolean => {
    if (seen.has(message)) return false;
    seen.add(message);
    return message.fields.some((field) => isUuid(field) || hasUuidsWithin(field, seen));
  };
  const hasUuidsWithin = (field: DescField, seen: Set<DescMessage>): boolean =>
    (field.fieldKind === "message" || (field.fieldKind === "list" && field.listKind === "message")) &&
    hasUuids(field.message, seen);
  return (message) => {
    const known = found.get(message);
    if (known) return known;
    const fields = message.fields.filter((field) => isUuid(field) || hasUuidsWithin(field, new Set()));
    found.set(message, fields);
    return fields;
  };
}

/** Whether the rules of a field, or of the items of a list, want a UUID. */
function isUuid(field: DescField): boolean {
  if (!hasOption(field, fieldRules)) return false;
  const { type } = getOption(field, fieldRules);
  const rules = type.case === "repeated" ? type.value.items?.type : type;
  return rules?.case === "string" && rules.value.wellKnown.case === "uuid" && rules.value.wellKnown.value;
}
