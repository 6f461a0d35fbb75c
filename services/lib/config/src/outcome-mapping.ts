import { z } from "zod";
import { leaf, parseWithSchema, valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import { nameSchema } from "./names.ts";
import type { ColumnType, SourceMapping } from "./source-mapping.ts";
import { sourceFromYaml, sourceSchema } from "./source-schema.ts";
import type { YamlFile } from "./yaml-file.ts";

/** What a row of a file of outcomes says. */
export const OUTCOME_FIELDS = [
  "supplier_id",
  "prediction_id",
  "iso_week",
  "occurred",
  "happened_on",
  "known_on",
  "note",
] as const;

export type OutcomeField = (typeof OUTCOME_FIELDS)[number];

/** How a file becomes outcomes. */
export interface OutcomeMapping {
  readonly source: SourceMapping;
  /** Name of the source's column of each field. Left out: the file does not have it; without `occurred`, the risk occurred in each row. */
  readonly columns: Readonly<Partial<Record<OutcomeField, string>>>;
}

/** Types that a column of a field may have. */
const TYPES: Readonly<Record<OutcomeField, readonly ColumnType[]>> = {
  supplier_id: ["text", "integer"],
  prediction_id: ["text"],
  iso_week: ["text"],
  occurred: ["boolean", "integer"],
  happened_on: ["date", "timestamp"],
  known_on: ["date", "timestamp"],
  note: ["text"],
};

const SOURCE_NAME = "outcomes";

const schema = z.strictObject(
  {
    version: leaf<1>("1, the version that this release reads", (v) => v === 1),
    source: sourceSchema,
    rows: z
      .strictObject(
        {
          supplier_id: nameSchema.optional(),
          prediction_id: nameSchema.optional(),
          iso_week: nameSchema.optional(),
          occurred: nameSchema.optional(),
          happened_on: nameSchema.optional(),
          known_on: nameSchema.optional(),
          note: nameSchema.optional(),
        },
        { error: `a map of names of columns: ${OUTCOME_FIELDS.join(", ")}` },
      )
      .refine((rows) => rows.supplier_id !== undefined || rows.prediction_id !== undefined, {
        error: "supplier_id or prediction_id",
      }),
  },
  { error: "a map with version, source, rows" },
);

/** Returns the mapping in a parsed file. @throws ConfigError with every violation */
export function parseOutcomeMapping(file: YamlFile): OutcomeMapping {
  const { source, rows } = parseWithSchema(schema, file, columnViolations);
  const columns: Partial<Record<OutcomeField, string>> = {};
  for (const field of OUTCOME_FIELDS) {
    const column = rows[field];
    if (column !== undefined) columns[field] = column;
  }
  return { source: sourceFromYaml(SOURCE_NAME, source), columns };
}

/** Finds fields whose column the source does not have, or has with another type. */
function columnViolations(file: YamlFile): ConfigViolation[] {
  const columns = valueAt(file.value, ["source", "columns"]);
  if (typeof columns !== "object" || columns === null) return [];
  return OUTCOME_FIELDS.flatMap((field) => {
    const path = ["rows", field];
    const column = valueAt(file.value, path);
    if (typeof column !== "string") return [];
    if (!Object.hasOwn(columns, column))
      return [violationAt(file, path, `"${column}"`, `a column of source: ${Object.keys(columns).join(", ")}`)];
    const declared = valueAt(file.value, ["source", "columns", column]);
    const type = typeof declared === "string" ? declared : valueAt(file.value, ["source", "columns", column, "type"]);
    if (TYPES[field].some((allowed) => allowed === type)) return [];
    return [
      violationAt(file, path, `"${column}" of type ${String(type)}`, `a column of type ${TYPES[field].join(" or ")}`),
    ];
  });
}

const OPTIONAL = { nullValues: [], nullPatterns: [], optional: true as const };
const text = (name: OutcomeField) => ({
  ...{ name, header: name, trim: true, formats: [] },
  ...OPTIONAL,
  type: "text" as const,
});
const day = (name: OutcomeField) => ({
  ...{ name, header: name, trim: false, formats: ["%Y-%m-%d"] },
  ...OPTIONAL,
  type: "date" as const,
});

/** The mapping of a file whose columns have the names of the fields. All of them may be missing. */
export const DEFAULT_OUTCOME_MAPPING: OutcomeMapping = {
  source: {
    ...{ name: SOURCE_NAME, file: "outcomes.csv", format: "csv", delimiter: ",", decimal: "." },
    columns: [
      ...[text("supplier_id"), text("prediction_id"), text("iso_week")],
      { ...{ name: "occurred", header: "occurred", trim: false, formats: [] }, ...OPTIONAL, type: "boolean" },
      ...[day("happened_on"), day("known_on"), text("note")],
    ],
  },
  columns: Object.fromEntries(OUTCOME_FIELDS.map((field) => [field, field])),
};
