import type { ModelSpec } from "@bellwether/config/model-spec";
import { MAX_CATEGORY_BYTES, MAX_CONTRACT_TEXT_BYTES, MAX_SUPPLIER_ID_BYTES } from "@bellwether/contract/limits";
import { sqlName } from "../duckdb/quote-sql.ts";
import type { RejectStage } from "../rejected-rows.ts";

/** Why a mapped row is rejected. */
export interface RejectedRowReason {
  /**
   * "mapping": the mapping's SQL returned no usable value; "validating": a rule of the model rejects the
   * value.
   */
  readonly stage: RejectStage;
  /**
   * SQL condition that is true for a rejected row. Its columns are those with the cast values, and those with
   * the values before the cast, whose names start with `=` (see `given`).
   */
  readonly when: string;
  readonly column: string;
  readonly reason: string;
  /** SQL expression of the value that reports show. */
  readonly text: string;
}

/** Functions that return the name of a mapped row's column, one for each kind of column. */
export const COLUMN = {
  number: (feature: string) => `number.${feature}`,
  category: (feature: string) => `category.${feature}`,
  text: (name: string) => `text.${name}`,
  attribute: (name: string) => `attribute.${name}`,
} as const;

/** Why a row is rejected, or an attribute made unknown, for which an expression of the mapping fails. */
export const EXPRESSION_FAILS = "the expression of the mapping cannot be computed";

/**
 * Returns the quoted SQL name of the column that holds the result of the mapping's expression before the
 * cast. Its name is `=` and the name of the column that holds the cast value.
 */
export function given(column: string): string {
  return sqlName(`=${column}`);
}

/**
 * Rules for a row of features; the first violated rule, in this order, is reported. They are the same rules
 * that ml-service checks for a supplier.
 */
export function rejectedRowReasons(
  model: ModelSpec,
  row: { readonly asOf: boolean; readonly label: boolean },
): RejectedRowReason[] {
  const id = "supplier_id";
  const stage = "mapping";
  const violations: RejectedRowReason[] = [
    {
      stage,
      when: `${id} is null and typeof(${given(id)}) in ('DOUBLE', 'FLOAT') and ${given(id)} is not null`,
      column: id,
      reason: "not a whole number within 2^53; a numeric id must be one",
      text: `${given(id)}::varchar`,
    },
    { stage, when: `coalesce(${id}, '') = ''`, column: id, reason: "empty", text: "''" },
    {
      stage,
      when: `strlen(${id}) > ${MAX_SUPPLIER_ID_BYTES}`,
      column: id,
      reason: `longer than ${MAX_SUPPLIER_ID_BYTES} bytes`,
      text: id,
    },
    { stage, when: `contains(${id}, chr(0))`, column: id, reason: "contains a NUL character", text: id },
  ];
  if (row.asOf)
    violations.push({
      stage,
      when: "as_of is null",
      column: "as_of",
      reason: "no date",
      text: `${given("as_of")}::varchar`,
    });
  for (const feature of model.features) {
    const column = feature.kind === "numeric" ? COLUMN.number(feature.name) : COLUMN.category(feature.name);
    const value = sqlName(column);
    const violation = (when: string, reason: string, stage: RejectStage = "validating") =>
      violations.push({ stage, when, column: feature.name, reason, text: `${given(column)}::varchar` });
    if (feature.kind === "numeric")
      violation(
        `${given(column)} is not null and (${value} is null or not isfinite(${value}))`,
        "not a finite number",
        stage,
      );
    else violation(`strlen(${value}) > ${MAX_CATEGORY_BYTES}`, `longer than ${MAX_CATEGORY_BYTES} bytes`);
    if (feature.range) {
      const [min, max] = feature.range;
      violation(
        `${value} not between ${min}::double and ${max}::double`,
        `outside the physical range ${min} to ${max}`,
      );
    }
    if (feature.missing === "refuse") violation(`${value} is null`, "missing, which this feature may not be");
  }
  if (model.text) {
    const value = sqlName(COLUMN.text(model.text.name));
    violations.push({
      stage: "validating",
      when: `strlen(${value}) > ${MAX_CONTRACT_TEXT_BYTES}`,
      column: model.text.name,
      reason: `longer than ${MAX_CONTRACT_TEXT_BYTES} bytes`,
      text: value,
    });
  }
  if (row.label)
    violations.push({
      stage,
      when: "label is null or label not in (0, 1)",
      column: model.target.name,
      reason: "neither 0 nor 1",
      text: `${given("label")}::varchar`,
    });
  return violations;
}
