import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { expect, test } from "vitest";
import { demoTable } from "../../test/demo-table-fixture.ts";
import { dataDigest } from "./data-digest.ts";

const table = demoTable(generateDemo({ suppliers: 50, transactions: 60 }, 1));

test("the same rows have the same digest, whatever the order of the columns", () => {
  const turned = { ...table, numbers: new Map([...table.numbers].reverse()) };
  expect(dataDigest(turned)).toBe(dataDigest(demoTable(generateDemo({ suppliers: 50, transactions: 60 }, 1))));
  expect(dataDigest(table)).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  [
    "a value",
    () => ({ ...table, numbers: new Map([...table.numbers].map(([name, column]) => [name, column.with(3, 1)])) }),
  ],
  [
    "a missing value",
    () => ({ ...table, numbers: new Map([...table.numbers].map(([n, c]) => [n, c.with(3, Number.NaN)])) }),
  ],
  ["a label", () => ({ ...table, labels: table.labels?.with(0, 1 - (table.labels[0] ?? 0)) ?? null })],
  ["an id", () => ({ ...table, supplierIds: table.supplierIds.with(2, "other") })],
  [
    "a category",
    () => ({ ...table, categories: new Map([["region", (table.categories.get("region") ?? []).with(1, null)]]) }),
  ],
  ["a text", () => ({ ...table, texts: table.texts?.with(0, "x") ?? null })],
  ["a date", () => ({ ...table, asOfDays: new Int32Array(50) })],
  [
    "a column's name",
    () => ({ ...table, numbers: new Map([...table.numbers].map(([name, column]) => [`${name}2`, column])) }),
  ],
] as const)("%s more or less changes the digest", (_, changed) => {
  expect(dataDigest(changed())).not.toBe(dataDigest(table));
});
