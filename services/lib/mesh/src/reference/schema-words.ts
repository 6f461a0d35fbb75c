import { escapeHtml } from "@bellwether/contract/escape-html";
import { type ApiDocument, type ApiSchema, referenceOf } from "./api-document.ts";

type Schemas = ApiDocument["components"]["schemas"];

/** Maximum number of values of an enum in a cell; a larger one has only its link. */
const SHOWN_VALUES = 12;

/** Name of a message or enum without its package: "Alert". That of REST paths has the same name. */
export const shortName = (name: string): string => name.split(".").at(-1) ?? name;

/** Returns a link to the definition of a message or enum. */
export const schemaLink = (name: string): string =>
  `<a href="#m-${escapeHtml(name)}">${escapeHtml(shortName(name))}</a>`;

/** Returns the type of a value as HTML: "text", "list of Alert", "one of: low, high". */
export function typeHtml(schema: ApiSchema, schemas: Schemas): string {
  const name = referenceOf(schema);
  const values = schema.enum ?? (name === undefined ? undefined : schemas[name]?.enum);
  if (values !== undefined) return enumHtml(values, name);
  if (name !== undefined) return schemaLink(name);
  if (schema.const !== undefined) return `<code>${escapeHtml(JSON.stringify(schema.const))}</code>`;
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return variantsHtml(variants, schemas);
  if (schema.allOf !== undefined) return schema.allOf.map((one) => typeHtml(one, schemas)).join(" with ");
  if (schema.items !== undefined) return `list of ${typeHtml(schema.items, schemas)}`;
  if (typeof schema.additionalProperties === "object")
    return `map from text to ${typeHtml(schema.additionalProperties, schemas)}`;
  return plainType(schema);
}

function enumHtml(values: readonly unknown[], name: string | undefined): string {
  const shown = values.length <= SHOWN_VALUES || name === undefined ? values : values.slice(0, SHOWN_VALUES);
  const list = shown.map((value) => `<code>${escapeHtml(String(value))}</code>`).join(", ");
  const more = shown.length < values.length ? ` and ${values.length - shown.length} more` : "";
  return `${name === undefined ? "one of" : schemaLink(name)}: ${list}${more}`;
}

function variantsHtml(variants: readonly ApiSchema[], schemas: Schemas): string {
  // A number can also be one of the texts NaN and Infinity, and a field that is not given has its default.
  const own = variants.filter(
    ({ type, enum: values, const: only }) => type !== "null" && !values?.includes("NaN") && only !== 0,
  );
  const orNull = variants.some(({ type }) => type === "null") ? " or null" : "";
  return `${own.map((one) => typeHtml(one, schemas)).join(" or ")}${orNull}`;
}

const TYPES: Readonly<Record<string, string>> = {
  boolean: "true or false",
  integer: "whole number",
  number: "number",
  object: "object",
  null: "null",
  array: "list",
};

function plainType({ type, format, contentEncoding, pattern }: ApiSchema): string {
  if (Array.isArray(type)) return type.map((one) => TYPES[one] ?? "text").join(" or ");
  if (format === "date-time") return "time (ISO 8601)";
  if (format === "date") return "day (ISO 8601)";
  if (format === "uuid") return "UUID";
  if (contentEncoding === "base64") return "bytes (base64)";
  if (pattern === LONG) return "whole number, as text";
  if (pattern === DURATION) return "duration in seconds, such as 1.5s";
  return TYPES[String(type)] ?? "text";
}

/** Forms of proto JSON, and the one of every text. */
const LONG = "^-?[0-9]+$";
const DURATION = "^-?[0-9]+(\\.[0-9]+)?s$";
const WITHOUT_NUL = /^\^\[\^\\x00\][*+]\$$/;

/** Units that the end of a name says. */
const UNITS: readonly (readonly [name: RegExp, unit: string])[] = [
  [/(Ms|_ms)$/, "milliseconds"],
  [/([sS]econds)$/, "seconds"],
  [/[dD]ays$/, "days"],
  [/[wW]eeks$/, "weeks"],
  [/[bB]ytes$/, "bytes"],
  [/[rR]ows(Read|Scored|Rejected|_read|_scored|_rejected)?$/, "rows"],
  [/([sS]hare|[sS]core)$/, "0 to 1"],
];

/** Returns the unit of a number by the name of its field. Empty: none, or not a number. */
export function unitOf(name: string, schema: ApiSchema): string {
  const isNumber = [schema, ...(schema.anyOf ?? [])].some(
    ({ type, pattern }) => type === "integer" || type === "number" || pattern === LONG,
  );
  return isNumber ? (UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? "") : "";
}

/** Returns the limits of a value as HTML. Empty: none besides those of its type. */
export function limitsHtml(schema: ApiSchema): string {
  const own = schema.anyOf?.find(({ type }) => type === "number" || type === "integer") ?? schema;
  const { pattern = "" } = schema;
  const hasPattern = pattern !== "" && pattern !== LONG && pattern !== DURATION && !WITHOUT_NUL.test(pattern);
  return [
    numberLimits(own),
    countLimits(schema.minLength, schema.maxLength, "character"),
    countLimits(schema.minItems, schema.maxItems, "entry", "entries"),
    countLimits(schema.minProperties, schema.maxProperties, "entry", "entries"),
    schema.uniqueItems ? "no entry twice" : "",
    escapeHtml((schema["x-bounds"] ?? "").replace("minimum", "from").replace("maximum", "to")),
    hasPattern ? `form <code>${escapeHtml(pattern)}</code>` : "",
    schema["x-oneof"] === undefined ? "" : `one field of <code>${escapeHtml(schema["x-oneof"])}</code>`,
    schema.items === undefined ? "" : inEntries(limitsHtml(schema.items)),
  ]
    .filter((limit) => limit !== "")
    .join("; ");
}

const inEntries = (limits: string): string => (limits === "" ? "" : `each: ${limits}`);

function numberLimits({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: ApiSchema): string {
  // The limits of the types themselves say nothing about a field.
  const isOfType = minimum === -(2 ** 31) || maximum === 2 ** 32 - 1;
  const least = minimum === -(2 ** 31) ? undefined : minimum;
  const most = isOfType ? undefined : maximum;
  const parts = [
    least !== undefined && most !== undefined ? `${text(least)} to ${text(most)}` : "",
    least !== undefined && most === undefined ? `${text(least)} or more` : "",
    least === undefined && most !== undefined ? `at most ${text(most)}` : "",
    exclusiveMinimum === undefined ? "" : `more than ${text(exclusiveMinimum)}`,
    exclusiveMaximum === undefined ? "" : `less than ${text(exclusiveMaximum)}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function countLimits(least: number | undefined, most: number | undefined, one: string, many = `${one}s`): string {
  if (most === undefined) return least === undefined ? "" : `at least ${text(least)} ${least === 1 ? one : many}`;
  if (least === undefined || least === 0) return `at most ${text(most)} ${most === 1 ? one : many}`;
  return least === most ? `${text(most)} ${most === 1 ? one : many}` : `${text(least)} to ${text(most)} ${many}`;
}

const text = (value: number): string => value.toLocaleString("en");
