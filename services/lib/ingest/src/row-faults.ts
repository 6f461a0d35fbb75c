import type { ModelConfig } from "@bellwether/config/model-config";
import { MAX_CATEGORY_BYTES, MAX_SUPPLIER_ID_BYTES, MAX_TEXT_BYTES } from "./ingest-limits.ts";
import { sqlName } from "./quote-sql.ts";

/** Why a mapped row is set aside. */
export interface RowFault {
  /** SQL condition over the cast values and the raw ones, whose names start with `=`. */
  readonly when: string;
  readonly column: string;
  readonly reason: string;
  /** SQL of the value that is shown. */
  readonly text: string;
}

/** Names of a mapped row's columns, by what they hold. */
export const COLUMN = {
  number: (feature: string) => `number.${feature}`,
  category: (feature: string) => `category.${feature}`,
  text: (name: string) => `text.${name}`,
  attribute: (name: string) => `attribute.${name}`,
} as const;

/** The value of a column as the mapping's expression gave it, before the cast. */
export function given(column: string): string {
  return sqlName(`=${column}`);
}

/**
 * Rules that a row of features must meet, in the order in which the first one broken is told. They are those that
 * ml-service holds a supplier against.
 */
export function rowFaults(model: ModelConfig, row: { readonly asOf: boolean; readonly label: boolean }): RowFault[] {
  const id = "supplier_id";
  const faults: RowFault[] = [
    { when: `coalesce(${id}, '') = ''`, column: id, reason: "empty", text: "''" },
    {
      when: `strlen(${id}) > ${MAX_SUPPLIER_ID_BYTES}`,
      column: id,
      reason: `longer than ${MAX_SUPPLIER_ID_BYTES} bytes`,
      text: id,
    },
    { when: `contains(${id}, chr(0))`, column: id, reason: "holds a NUL character", text: id },
  ];
  if (row.asOf)
    faults.push({ when: "as_of is null", column: "as_of", reason: "no date", text: `${given("as_of")}::varchar` });
  for (const feature of model.features) {
    const column = feature.kind === "numeric" ? COLUMN.number(feature.name) : COLUMN.category(feature.name);
    const value = sqlName(column);
    const fault = (when: string, reason: string) =>
      faults.push({ when, column: feature.name, reason, text: `${given(column)}::varchar` });
    if (feature.kind === "numeric")
      fault(`${given(column)} is not null and (${value} is null or not isfinite(${value}))`, "not a finite number");
    else fault(`strlen(${value}) > ${MAX_CATEGORY_BYTES}`, `longer than ${MAX_CATEGORY_BYTES} bytes`);
    if (feature.range) {
      const [min, max] = feature.range;
      fault(`${value} not between ${min}::double and ${max}::double`, `outside the physical range ${min} to ${max}`);
    }
    if (feature.missing === "refuse") fault(`${value} is null`, "missing, which this feature may not be");
  }
  if (model.text) {
    const value = sqlName(COLUMN.text(model.text.name));
    faults.push({
      when: `strlen(${value}) > ${MAX_TEXT_BYTES}`,
      column: model.text.name,
      reason: `longer than ${MAX_TEXT_BYTES} bytes`,
      text: value,
    });
  }
  if (row.label)
    faults.push({
      when: "label is null or label not in (0, 1)",
      column: model.target.name,
      reason: "neither 0 nor 1",
      text: `${given("label")}::varchar`,
    });
  return faults;
}
