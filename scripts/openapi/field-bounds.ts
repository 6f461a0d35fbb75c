import { type DescEnum, type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import { type FieldRules, Ignore, field as rulesOption } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import type { Schema } from "./message-schema.ts";

/** Limits of 64-bit integers, which are texts in proto JSON, are said in words. */
const inWords = (bounds: Schema): Schema => {
  const words = Object.entries(bounds).map(([name, value]) => `${name} ${value}`);
  return words.length === 0 ? {} : { "x-bounds": words.join(", ") };
};

/** What the rules of a field say: bounds of its value, of its items, and whether the field must be given. */
export interface FieldBounds {
  readonly own: Schema;
  readonly items: Schema;
  readonly keys: Schema;
  readonly isRequired: boolean;
}

const NONE: FieldBounds = { own: {}, items: {}, keys: {}, isRequired: false };

/** Returns the protovalidate rules of a field as keywords of JSON schema. */
export function fieldBounds(field: DescField): FieldBounds {
  if (!hasOption(field, rulesOption)) return NONE;
  const rules = getOption(field, rulesOption);
  const { type } = rules;
  const isRequired = rules.required;
  if (type.case === "repeated") {
    const { minItems, maxItems, unique, items } = type.value;
    const own = {
      ...(minItems > 0n && { minItems: Number(minItems) }),
      ...(maxItems > 0n && { maxItems: Number(maxItems) }),
      ...(unique && { uniqueItems: true }),
    };
    return {
      own,
      items: items ? valueBounds(items, field.enum) : {},
      keys: {},
      isRequired: isRequired || minItems > 0n,
    };
  }
  if (type.case === "map") {
    const { minPairs, maxPairs, keys, values } = type.value;
    const own = {
      ...(minPairs > 0n && { minProperties: Number(minPairs) }),
      ...(maxPairs > 0n && { maxProperties: Number(maxPairs) }),
    };
    return {
      ...{ own, isRequired: isRequired || minPairs > 0n },
      ...{ items: values ? valueBounds(values, field.enum) : {}, keys: keys ? valueBounds(keys, undefined) : {} },
    };
  }
  const own = valueBounds(rules, field.enum);
  const isNeeded = field.presence === IMPLICIT && !allowsDefault(rules, own);
  if (rules.ignore === Ignore.IF_ZERO_VALUE) return { ...NONE, own: orZero(own) };
  return { ...NONE, own, isRequired: isRequired || isNeeded };
}

/** Whether the bounds allow the value of a field that is not given: an empty text, 0, or the first value of an enum. */
function allowsDefault({ type }: FieldRules, own: Schema): boolean {
  switch (type.case) {
    case "string":
      return (
        Number(own.minLength ?? 0) === 0 && type.value.in.length === 0 && new RegExp(type.value.pattern, "u").test("")
      );
    case "enum":
      return !type.value.notIn.includes(0) && (type.value.in.length === 0 || type.value.in.includes(0));
    case "double":
    case "float":
    case "int32":
    case "uint32":
    case "int64":
    case "uint64": {
      const { minimum = 0, exclusiveMinimum = -1 } = numberBounds(type.value);
      return Number(minimum) <= 0 && Number(exclusiveMinimum) < 0;
    }
    default:
      return true;
  }
}

/** FieldPresence.IMPLICIT of descriptor.proto. */
const IMPLICIT = 2;

/** A number that may also be 0, which is the value of a field that is not given. */
const orZero = (bounds: Schema): Schema =>
  "minimum" in bounds || "exclusiveMinimum" in bounds ? { anyOf: [{ const: 0 }, bounds] } : {};

function valueBounds({ type }: FieldRules, enumeration: DescEnum | undefined): Schema {
  switch (type.case) {
    case "string": {
      const { minLen, maxLen, minBytes, maxBytes, pattern, wellKnown, in: names } = type.value;
      // A character has one to four bytes of UTF-8.
      const least = minLen || (minBytes + 3n) / 4n;
      const most = maxLen || maxBytes;
      return {
        ...(least > 0n && { minLength: Number(least) }),
        ...(most > 0n && { maxLength: Number(most) }),
        ...(pattern !== "" && { pattern: withoutEscapes(pattern) }),
        ...(names.length > 0 && { enum: names }),
        ...(wellKnown.case === "uuid" && { format: "uuid", minLength: 36 }),
      };
    }
    case "enum": {
      const { in: numbers, notIn, const: only } = type.value;
      const selected = only === 0 ? numbers : [only];
      if (!enumeration || (selected.length === 0 && notIn.length === 0)) return {};
      const isAllowed = (number: number): boolean =>
        selected.length > 0 ? selected.includes(number) : !notIn.includes(number);
      return { enum: enumeration.values.filter(({ number }) => isAllowed(number)).map(({ name }) => name) };
    }
    case "double":
    case "float":
    case "int32":
    case "uint32":
      return numberBounds(type.value);
    case "int64":
    case "uint64":
      return inWords(numberBounds(type.value));
    default:
      return {};
  }
}

interface NumberRules {
  readonly lessThan: { readonly case: "lt" | "lte" | undefined; readonly value?: number | bigint | undefined };
  readonly greaterThan: { readonly case: "gt" | "gte" | undefined; readonly value?: number | bigint | undefined };
}

const BOUND_NAMES = { lt: "exclusiveMaximum", lte: "maximum", gt: "exclusiveMinimum", gte: "minimum" } as const;

function numberBounds({ lessThan, greaterThan }: NumberRules): Schema {
  return Object.fromEntries(
    [greaterThan, lessThan].flatMap(({ case: name, value }) =>
      name === undefined ? [] : [[BOUND_NAMES[name], Number(value)]],
    ),
  );
}

/** RE2 and ECMAScript write the NUL character in the same way except in this form. */
const withoutEscapes = (pattern: string): string => pattern.replaceAll("\\x{0}", "\\x00");
