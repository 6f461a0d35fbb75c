import { exampleText } from "./example-text.ts";
import type { Schema } from "./message-schema.ts";

/** Depth from which fields that need not be given are left out of an example. */
const MAX_DEPTH = 4;
/** Fields of a request that its example has although they need not be given. */
const SHOWN =
  /^(supplierId|isoWeek|modelName|reason|query|pageSize|historyWeeks|format|states|narrativeLanguage|input)$/;

interface ExampleOptions {
  /** Whether only the fields are given that must be, or that say what the request is about. */
  readonly isRequest: boolean;
  readonly schemas: Readonly<Record<string, Schema>>;
}

/**
 * Returns a value that a schema allows: with the bounds of the contract, and with the names of the fields as a hint of
 * what they contain. The same schema gives the same value.
 * @param name name of the value, for example of a parameter. Empty: it has none
 * @throws Error when no value is known
 */
export function exampleOf(schema: Schema, options: ExampleOptions, name = ""): unknown {
  return exampleValue(schema, name, [], options);
}

function exampleValue(given: Schema, name: string, within: readonly string[], options: ExampleOptions): unknown {
  const { schema, path } = resolved(given, within, options);
  const next = (inner: Schema, innerName: string): unknown => exampleValue(inner, innerName, path, options);
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum))
    return schema.enum.find((one) => !/_UNSPECIFIED$/.test(String(one))) ?? schema.enum[0];
  if (isSchemas(schema.oneOf)) return next(schema.oneOf[0] ?? {}, name);
  if (isSchemas(schema.anyOf)) return next(schema.anyOf.find((one) => !isNothing(one)) ?? {}, name);
  if (isSchemas(schema.allOf)) return Object.assign({}, ...schema.allOf.map((one) => next(one, name)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "object":
      return objectOf(schema, path, next, options);
    case "array":
      return path.length > MAX_DEPTH && !schema.minItems ? [] : [next(schemaOf(schema.items), name)];
    case "boolean":
      return true;
    case "integer":
      return bounded(schema, wholeNumber(name));
    case "number":
      return bounded(schema, /exposure|impact|amount|spend/i.test(name) ? 250_000 : 0.73);
    default:
      return exampleText(schema, name);
  }
}

/** Follows a reference; keywords beside it come first. `path` has the names of the schemas on the way. */
function resolved(given: Schema, path: readonly string[], { schemas }: ExampleOptions) {
  if (typeof given.$ref !== "string") return { schema: given, path };
  const name = given.$ref.replace("#/components/schemas/", "");
  const { $ref: _, ...beside } = given;
  return { schema: { ...schemas[name], ...beside }, path: [...path, name] };
}

function objectOf(
  { properties, required, additionalProperties, minProperties }: Schema,
  path: readonly string[],
  next: (inner: Schema, name: string) => unknown,
  { isRequest }: ExampleOptions,
): object {
  const needed = new Set(Array.isArray(required) ? required : []);
  const ofOneof = new Set<unknown>();
  const isFirst = (oneof: unknown): boolean => {
    if (ofOneof.has(oneof)) return false;
    ofOneof.add(oneof);
    return true;
  };
  const isGiven = (name: string, property: Schema): boolean => {
    if (needed.has(name)) return true;
    if (isRequest) return SHOWN.test(name) || (property["x-oneof"] !== undefined && isFirst(property["x-oneof"]));
    if (path.length > MAX_DEPTH || path.includes(String(property.$ref).replace("#/components/schemas/", "")))
      return false;
    return property["x-oneof"] === undefined || isFirst(property["x-oneof"]);
  };
  const fields = Object.entries(schemaOf(properties))
    .map(([name, property]): [string, Schema] => [name, schemaOf(property)])
    .filter(([name, property]) => isGiven(name, property))
    .map(([name, property]): [string, unknown] => [name, next(property, name)]);
  const isMap = typeof additionalProperties === "object" && properties === undefined && (!isRequest || minProperties);
  if (isMap) fields.push(["past_disputes", next(schemaOf(additionalProperties), "past_disputes")]);
  return Object.fromEntries(fields);
}

function wholeNumber(name: string): number {
  if (/page_?size$/i.test(name)) return 50;
  if (/weeks$/i.test(name)) return 26;
  return /(^|[a-z_])(id|Id)$/.test(name) ? 12 : 3;
}

const bounded = ({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema, wanted: number): number => {
  const least = Number(minimum ?? exclusiveMinimum ?? Number.NEGATIVE_INFINITY);
  const most = Number(maximum ?? exclusiveMaximum ?? Number.POSITIVE_INFINITY);
  return Math.min(most, Math.max(least, wanted));
};

const schemaOf = (value: unknown): Schema => (typeof value === "object" && value !== null ? { ...value } : {});
const isSchemas = (value: unknown): value is readonly Schema[] => Array.isArray(value);
/** Whether a variant is only null, or the 0 of a field that is not given. */
const isNothing = ({ type, const: only }: Schema): boolean => type === "null" || only === 0;
