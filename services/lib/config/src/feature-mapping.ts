import { nearestName } from "@bellwether/contract/nearest-name";
import { z } from "zod";
import { leaf, oneOf, parseWithSchema, shown, textLike, valueAt, violationAt } from "./check-schema.ts";
import type { ConfigViolation } from "./config-error.ts";
import { isoDateSchema } from "./iso-date-schema.ts";
import { nameSchema } from "./names.ts";
import { SNAPSHOTS, type SourceMapping } from "./source-mapping.ts";
import { sourceFromYaml, sourceSchema } from "./source-schema.ts";
import type { Place, YamlFile } from "./yaml-file.ts";

/** As-of dates of the training rows: `from`, then one per period up to and including `to`. ISO dates. */
export interface SnapshotMapping {
  readonly every: "day" | "week" | "month" | "quarter" | "year";
  readonly from: string;
  readonly to: string;
}

/** One named SELECT; later steps read its rows under this name. */
export interface StepMapping {
  readonly name: string;
  readonly sql: string;
}

/** Attributes of a supplier that are stored beside its features: SQL expressions, null where not mapped. */
export interface AttributeMapping {
  /** Display name. */
  readonly displayName: string | null;
  readonly region: string | null;
  /** Industry or category. */
  readonly category: string | null;
  /** Exposure: money per year that is lost if the supplier fails, at least 0; `impact` is the score multiplied by it. */
  readonly exposure: string | null;
  /** Key by which alerts are routed. */
  readonly owner: string | null;
}

/** How the rows of one table become feature rows: SQL expressions over its columns. */
export interface RowsMapping {
  /** Name of a source or a step. */
  readonly from: string;
  readonly supplierId: string;
  /** Date at which the features were known; null when the data has no dates. */
  readonly asOf: string | null;
  /** SQL expression of each feature, by the feature's name. */
  readonly features: Readonly<Record<string, string>>;
  readonly text: string | null;
  readonly attributes: AttributeMapping;
  /**
   * Column of `from`: of the rows of one supplier (and date), only the one with the greatest value is kept. Left
   * out: the first row is kept and the others are rejected.
   */
  readonly keepNewestBy?: string;
}

/** How the weekly run's input becomes feature rows without labels. */
export type WeeklyMapping =
  | {
      /** The input is a file with one row per supplier. */
      readonly form: "flat";
      readonly source: SourceMapping;
      readonly rows: RowsMapping;
    }
  | {
      /** The input is the raw sources; steps and rows are those of training, for one snapshot date. */
      readonly form: "raw";
      /** SELECT of the snapshot date, used when the caller passes none; it can read the sources. */
      readonly snapshot: string | null;
    };

/** `config/feature_mapping.yaml`: how raw tables become features, labels and attributes. */
export interface FeatureMapping {
  readonly sources: readonly SourceMapping[];
  readonly snapshots: SnapshotMapping | null;
  readonly steps: readonly StepMapping[];
  readonly rows: RowsMapping;
  /**
   * SELECT of supplier_id, as_of (when rows have one) and the model's target, 1 or 0; used in training only. Null: there
   * are no labels yet, and no model can be trained.
   */
  readonly label: string | null;
  readonly weekly: WeeklyMapping | null;
}

const sqlText = (expected: string) =>
  leaf<string>(
    `${expected}, at most 20000 characters`,
    (v) => typeof v === "string" && v.trim() !== "" && v.length <= 20_000,
  );
const select = sqlText("a SELECT statement");
const expression = sqlText("an SQL expression");
const maybe = expression.nullable().default(null);

const keep = textLike('"newest by COLUMN" with the name of a column', /^newest by [a-z][a-z0-9_]{0,62}$/).optional();

const rowsShape = {
  supplier_id: expression.default("supplier_id"),
  keep,
  as_of: maybe,
  features: z.preprocess(
    namesToThemselves,
    z
      .record(nameSchema, expression, { error: "a map of feature to SQL expression, or a list of columns, each once" })
      .refine((f) => Object.keys(f).length > 0, { error: "at least one feature" }),
  ),
  text: maybe,
  attributes: z
    .strictObject(
      { display_name: maybe, region: maybe, category: maybe, exposure: maybe, owner: maybe },
      { error: "attributes: display_name, region, category, exposure, owner" },
    )
    .default({ display_name: null, region: null, category: null, exposure: null, owner: null }),
};

const mappingSchema = z.strictObject(
  {
    version: leaf<1>("1, the version that this release reads", (v) => v === 1),
    sources: z
      .record(nameSchema, sourceSchema, { error: "a map of table name to source" })
      .refine((s) => Object.keys(s).length > 0, { error: "at least one source" }),
    snapshots: z
      .strictObject(
        { every: oneOf(["day", "week", "month", "quarter", "year"]), from: isoDateSchema, to: isoDateSchema },
        { error: "snapshots: every, from, to" },
      )
      .refine((s) => s.from <= s.to, { error: "from not after to" })
      .nullable()
      .default(null),
    steps: z
      .array(z.strictObject({ name: nameSchema, sql: select }, { error: "a step: name, sql" }), {
        error: "a list of steps",
      })
      .max(100, "at most 100 steps")
      .default([]),
    rows: z.strictObject({ from: nameSchema, ...rowsShape }, { error: "rows: from, supplier_id, features, …" }),
    label: select.nullable().default(null),
    weekly: z
      .discriminatedUnion(
        "form",
        [
          z.strictObject({
            form: z.literal("flat"),
            source: sourceSchema,
            rows: z.strictObject(rowsShape, { error: "rows: supplier_id, features, …" }),
          }),
          z.strictObject({ form: z.literal("raw"), snapshot: select.nullable().default(null) }),
        ],
        { error: "weekly with form: flat or form: raw" },
      )
      .nullable()
      .default(null),
  },
  { error: "a map with version, sources, rows, label" },
);

/** Checks a feature mapping. @throws ConfigError with every violation. */
export function parseFeatureMapping(file: YamlFile): FeatureMapping {
  return mappingFromYaml(parseWithSchema(mappingSchema, file, tableViolations));
}

/** Name of the table with the rows of a flat weekly file; its rows are used without steps. */
export const WEEKLY_TABLE = "weekly";

/**
 * Expands `[a, b]`, which is short for `{ a: a, b: b }`. A list of anything else than distinct names is not
 * expanded and is rejected later.
 */
function namesToThemselves(value: unknown): unknown {
  if (!Array.isArray(value) || new Set(value).size !== value.length) return value;
  if (!value.every((name) => typeof name === "string")) return value;
  return Object.fromEntries(value.map((name) => [name, name]));
}

/** Returns violations of two rules: table names must be distinct, and every table that is read must exist. */
function tableViolations(file: YamlFile): ConfigViolation[] {
  const sources = valueAt(file.value, ["sources"]);
  const steps = valueAt(file.value, ["steps"]);
  const sourcePaths = typeof sources === "object" && sources !== null ? Object.keys(sources) : [];
  const stepPaths = Array.isArray(steps) ? [...steps.keys()] : [];
  const named: readonly (readonly [unknown, readonly PropertyKey[], Place])[] = [
    ...sourcePaths.map((name) => [name, ["sources", name], file.keyPlace(["sources", name])] as const),
    ...stepPaths.map((i) => {
      const path = ["steps", i, "name"];
      return [valueAt(file.value, path), path, file.place(path)] as const;
    }),
  ];
  const seen = new Set<unknown>([SNAPSHOTS]);
  const violations: ConfigViolation[] = [];
  for (const [name, path, place] of named) {
    if (seen.has(name))
      violations.push({ ...violationAt(file, path, `the table "${name}" again`, "a name of its own"), ...place });
    if (typeof name === "string") seen.add(name);
  }

  const tables = [...seen].filter((name) => typeof name === "string");
  const from = valueAt(file.value, ["rows", "from"]);
  if (typeof from === "string" && !seen.has(from)) {
    const nearest = nearestName(from, tables);
    const expected = nearest ? `the source or step "${nearest}"` : `a source or step: ${tables.join(", ")}`;
    violations.push(violationAt(file, ["rows", "from"], shown(from), expected));
  }
  const asOf = valueAt(file.value, ["rows", "as_of"]) ?? null;
  if ((valueAt(file.value, ["snapshots"]) ?? null) !== null && asOf === null)
    violations.push(violationAt(file, ["rows"], "no as_of", "as_of, since the mapping has snapshots"));
  return violations;
}

type MappingYaml = z.output<typeof mappingSchema>;

function mappingFromYaml(yaml: MappingYaml): FeatureMapping {
  return {
    sources: Object.entries(yaml.sources).map(([name, source]) => sourceFromYaml(name, source)),
    snapshots: yaml.snapshots,
    steps: yaml.steps,
    rows: rowsFromYaml(yaml.rows.from, yaml.rows),
    label: yaml.label,
    weekly:
      yaml.weekly?.form === "flat"
        ? {
            form: "flat",
            source: sourceFromYaml(WEEKLY_TABLE, yaml.weekly.source),
            rows: rowsFromYaml(WEEKLY_TABLE, yaml.weekly.rows),
          }
        : yaml.weekly,
  };
}

function rowsFromYaml(from: string, rows: Omit<MappingYaml["rows"], "from">): RowsMapping {
  return {
    from,
    supplierId: rows.supplier_id,
    asOf: rows.as_of,
    features: rows.features,
    text: rows.text,
    attributes: {
      displayName: rows.attributes.display_name,
      region: rows.attributes.region,
      category: rows.attributes.category,
      exposure: rows.attributes.exposure,
      owner: rows.attributes.owner,
    },
    ...(rows.keep !== undefined && { keepNewestBy: rows.keep.replace("newest by ", "") }),
  };
}
