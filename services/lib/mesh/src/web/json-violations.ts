import { knownNames } from "@bellwether/contract/nearest-name";
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import { expectedNumber } from "../call/expected-number.ts";
import type { FieldViolation } from "../errors/rpc-error.ts";

/** Maximum number of violations that are searched for in one message: an error contains no more. */
const MAX_VIOLATIONS = 20;
/** Maximum number of characters of a caller's text that an error repeats. */
const SHOWN_CHARACTERS = 80;
/** Levels of nesting that are checked. */
const MAX_DEPTH = 100;

/**
 * Finds the parts of a message's JSON form that its contract does not allow: unknown fields, unknown enum
 * names, values of the wrong type. Paths use the contract's names, for example
 * "supplier.features.late_ratio". At most 20; empty when none was found.
 * @param registry the types that google.protobuf.Any may contain
 */
export function jsonViolations(desc: DescMessage, json: JsonValue, registry: Registry): readonly FieldViolation[] {
  return ofMessage(desc, json, { path: "", depth: 0, registry }).take(MAX_VIOLATIONS).toArray();
}

/** The position of a value in the message. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly registry: Registry;
}

const below = (place: Place, name: string): Place => ({
  ...place,
  path: place.path === "" ? name : `${place.path}.${name}`,
});
const violation = ({ path }: Place, description: string): FieldViolation => ({ field: path, description });

function* ofMessage(desc: DescMessage, json: JsonValue, place: Place): Generator<FieldViolation, void> {
  if (place.depth > MAX_DEPTH) yield violation(place, `is nested deeper than ${MAX_DEPTH} levels`);
  else if (desc.typeName.startsWith("google.protobuf.")) yield* ofWellKnown(desc, json, place);
  else if (!isObject(json))
    yield violation(place, `is ${kindOf(json)}; expected an object with the fields of ${desc.name}`);
  else {
    for (const [key, value] of Object.entries(json)) {
      const field = desc.fields.find(({ name, jsonName }) => name === key || jsonName === key);
      if (field !== undefined) {
        if (value !== null) yield* ofField(field, value, below(place, field.name));
        continue;
      }
      // Lists names in the style that the caller uses.
      const known = desc.fields.map(({ name, jsonName }) => (key.includes("_") ? name : jsonName));
      yield violation(below(place, shown(key)), `unknown field of ${desc.name}; ${knownNames(key, known)}`);
    }
  }
}

function* ofField(field: DescField, json: JsonValue, place: Place): Generator<FieldViolation, void> {
  if (field.fieldKind === "list") {
    if (!Array.isArray(json)) yield violation(place, `is ${kindOf(json)}; expected a list`);
    else
      for (const [index, item] of json.entries())
        yield* ofValue(field, item, { ...place, path: `${place.path}[${index}]` });
  } else if (field.fieldKind === "map") {
    if (!isObject(json)) yield violation(place, `is ${kindOf(json)}; expected an object`);
    else for (const [key, value] of Object.entries(json)) yield* ofValue(field, value, below(place, shown(key)));
  } else yield* ofValue(field, json, place);
}

/** Yields the violations of a single value: a field's own, an element of its list, or a value of its map. */
function* ofValue(field: DescField, json: JsonValue, place: Place): Generator<FieldViolation, void> {
  if (json === null) yield violation(place, "is null; leave it out when it is not known");
  else if (field.message) yield* ofMessage(field.message, json, { ...place, depth: place.depth + 1 });
  else if (field.enum) yield* ofEnum(field.enum, json, place);
  else if (field.scalar !== undefined) {
    const expected = hasForm(field.scalar, json) ? undefined : (FORMS[field.scalar] ?? expectedNumber(field));
    if (expected !== undefined) yield violation(place, `is ${kindOf(json)}; expected ${expected}`);
  }
}

function* ofEnum(desc: DescEnum, json: JsonValue, place: Place): Generator<FieldViolation, void> {
  const names = desc.values.map(({ name }) => name);
  if (typeof json === "number" ? Number.isInteger(json) : typeof json === "string" && names.includes(json)) return;
  const wrong = typeof json === "string" ? json : "";
  const choices = desc.values.filter(({ number }) => number !== 0).map(({ name }) => name);
  yield violation(place, `${kindOf(json)} is not a name of ${desc.name}; ${knownNames(wrong, choices)}`);
}

/** Timestamp and the other well-known types have JSON forms of their own, which the protobuf runtime checks. */
function* ofWellKnown(desc: DescMessage, json: JsonValue, place: Place): Generator<FieldViolation, void> {
  try {
    fromJson(desc, json, { registry: place.registry });
  } catch (error) {
    yield violation(place, error instanceof Error ? error.message : String(error));
  }
}

const isNumeric = (json: JsonValue): boolean =>
  typeof json === "number" || (typeof json === "string" && json.trim() !== "" && !Number.isNaN(Number(json)));
const isWhole = (json: JsonValue): boolean => isNumeric(json) && Number.isInteger(Number(json));
const NON_FINITE: readonly JsonValue[] = ["NaN", "Infinity", "-Infinity"];

/** Forms of the scalars that are no numbers. */
const FORMS: Readonly<Partial<Record<ScalarType, string>>> = {
  [ScalarType.STRING]: "a string",
  [ScalarType.BYTES]: "a string in base64",
  [ScalarType.BOOL]: "true or false",
};

/** Whether a value has the form of a scalar. The rules of the contract are checked later. */
function hasForm(scalar: ScalarType, json: JsonValue): boolean {
  switch (scalar) {
    case ScalarType.STRING:
      return typeof json === "string";
    case ScalarType.BYTES:
      return typeof json === "string" && /^[\w+/-]*={0,2}$/.test(json);
    case ScalarType.BOOL:
      return typeof json === "boolean";
    case ScalarType.DOUBLE:
      return isNumeric(json) || NON_FINITE.includes(json);
    case ScalarType.FLOAT:
      return (isNumeric(json) && Number.isFinite(Math.fround(Number(json)))) || NON_FINITE.includes(json);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return isWithin(json, -(2 ** 31), 2 ** 31 - 1);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return isWithin(json, 0, 2 ** 32 - 1);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return isWithin(json, 0, 2 ** 64);
    default:
      return isWithin(json, -(2 ** 63), 2 ** 63);
  }
}

const isWithin = (json: JsonValue, least: number, most: number): boolean =>
  isWhole(json) && Number(json) >= least && Number(json) <= most;

const isObject = (json: JsonValue): json is { [key: string]: JsonValue } =>
  typeof json === "object" && json !== null && !Array.isArray(json);
const shown = (text: string): string =>
  text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;

function kindOf(json: JsonValue): string {
  if (json === null) return "null";
  if (Array.isArray(json)) return "a list";
  return typeof json === "object" ? "an object" : shown(JSON.stringify(json));
}
