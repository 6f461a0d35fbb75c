import { expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { DEFAULT_OUTCOME_MAPPING, parseOutcomeMapping } from "./outcome-mapping.ts";
import { parseYaml } from "./yaml-file.ts";

const SOURCE = `source:
  file: events.csv
  columns:
    vendor: { type: text, header: Vendor No }
    day: date
    text_day: text
`;
const parse = (rows: string) => parseOutcomeMapping(parseYaml(`version: 1\n${SOURCE}rows: ${rows}\n`, "m.yaml"));

function violationsOf(rows: string): readonly string[] {
  try {
    parse(rows);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.violations.map(({ line, path, expected }) => `${line} ${path}: ${expected}`);
  }
}

test("a mapping names the columns of its source", () => {
  expect(parse("{ supplier_id: vendor, happened_on: day }")).toMatchObject({
    source: { name: "outcomes", format: "csv" },
    columns: { supplier_id: "vendor", happened_on: "day" },
  });
});

test("columns that the source does not have, or has with another type, are reported together", () => {
  const found = violationsOf("{ supplier_id: nobody, happened_on: text_day }");
  expect(found).toHaveLength(2);
  expect(found[0]).toMatch(/^8 rows\.supplier_id: a column of source: vendor, day, text_day$/);
  expect(found[1]).toContain("a column of type date or timestamp");
});

test("a mapping needs a supplier or a prediction, and has no unknown fields", () => {
  expect(violationsOf("{ happened_on: day }")[0]).toContain("supplier_id or prediction_id");
  expect(violationsOf("{ supplier_id: vendor, hapened_on: day }")).toHaveLength(1);
});

test("the default mapping reads the columns with the names of the fields, and all may be missing", () => {
  const { source, columns } = DEFAULT_OUTCOME_MAPPING;
  expect(source.columns.map(({ name }) => name)).toEqual(Object.values(columns));
  expect(source.columns.every(({ optional }) => optional)).toBe(true);
});
