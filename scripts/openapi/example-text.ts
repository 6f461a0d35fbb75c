import type { Schema } from "./message-schema.ts";

/** Values of texts, by the end of the name of their field in lower case without "_". The first that fits is used. */
const BY_NAME: readonly (readonly [name: RegExp, value: string])[] = [
  [/supplierids?$|^supplier$|externalid$/, "S_00001"],
  [/suppliernames?$/, "Aldermoor Castings"],
  [/alertid|changeid$/, "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e5f"],
  [/week$/, "2026-W47"],
  [/asof$|date$/, "2026-11-22"],
  [/models?names?$|^models?$|scoredbymodels$/, "supplier-risk"],
  [/versions?$/, "v3"],
  [/digest$|hash$|sha256$|checksum$/, "5f2c".repeat(16)],
  [/digest$|traceid$/, "5f2c".repeat(8)],
  [/requestid$/, "import-2026-11-22"],
  [
    /actor$|owners?$|subject$|(set|acknowledged|resolved|changed|created|decided|revoked)by$|email$/,
    "jane@example.org",
  ],
  [/reason$/, "the supplier confirmed the values"],
  [/comment$|note$/, "Called the supplier: the strike is over."],
  [/regions?$/, "Europe"],
  [/categor(y|ies)$|typicalcategory$/, "Packaging"],
  [/currency$/, "EUR"],
  [/unit$/, "days"],
  [/criticality$/, "high"],
  [/features?(names?)?$|columns?(names?)?$|missingfeatures$/, "past_disputes"],
  [/query$|^text$/, "castings"],
  [/ruleid$/, "high-risk-score"],
  [/destinations?$/, "procurement"],
  [/filename$|^file$/, "week.csv"],
  [/source$/, "suppliers"],
  [/stage$/, "reading"],
  [/holder$/, "scheduler-1"],
  [/kind$/, "run.completed"],
  [/name$/, "Aldermoor Castings"],
];

/** Values for fields whose names say nothing, by the forms of the contract. */
const BY_FORM = [
  ...["text", "procurement", "run.completed", "2026-W47", "2026-11-22", "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e5f"],
  ...["5f2c".repeat(16), "5f2c".repeat(8), "0.5s", "12"],
];

/**
 * Returns a text that the bounds of a field allow.
 * @param name name of the field in the JSON
 * @throws Error when none of the known ones is allowed: add one to `BY_NAME`
 */
export function exampleText(schema: Schema, name: string): string {
  const { format, contentEncoding } = schema;
  if (format === "date-time") return "2026-11-23T06:02:30Z";
  if (format === "uuid") return "0199f0c2-8c1a-7d3e-9b52-3f6a1c2d4e5f";
  // One number of 64 bits: 1.
  if (contentEncoding === "base64") return "AAAAAAAA8D8=";
  const plain = name.toLowerCase().replaceAll("_", "");
  const named = BY_NAME.filter(([pattern]) => pattern.test(plain)).map(([, value]) => value);
  const found = [...(isWhole(schema) ? [wholeText(schema, plain)] : named), ...BY_FORM].find((value) =>
    fits(schema, value),
  );
  if (found === undefined) throw new Error(`no example for the text ${name}: ${JSON.stringify(schema)}`);
  return found;
}

/** Whether a text is a 64-bit integer. */
const isWhole = ({ pattern }: Schema): boolean => pattern === "^-?[0-9]+$";

function wholeText(schema: Schema, name: string): string {
  if (/version$/.test(name)) return "3";
  if (/fence$|sequence$/.test(name)) return "1";
  return /rows|suppliers$/.test(name) && schema["x-bounds"] === undefined ? "12480" : "12";
}

function fits({ pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Schema, text: string): boolean {
  if (text.length < Number(minLength) || text.length > Number(maxLength)) return false;
  return typeof pattern !== "string" || new RegExp(pattern, "u").test(text);
}
