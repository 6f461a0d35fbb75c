import { createHash } from "node:crypto";
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

test.each([0, 1, 4_096, 4_097, 10_000])("%i texts are hashed as one JSON list, whatever its length", (rows) => {
  const supplierIds = Array.from({ length: rows }, (_, i) => `S${i}`);
  const texts = supplierIds.map((id) => `${id} "Straße" \n\ud800`);
  const none = { rows, supplierIds, asOfDays: null, numbers: new Map(), categories: new Map(), labels: null };
  const hash = createHash("sha256");
  for (const [name, content] of [
    ["rows", String(rows)],
    ["supplier ids", JSON.stringify(supplierIds)],
    ["texts", JSON.stringify(texts)],
  ] as const)
    hash.update(`${name.length}:${name}:${Buffer.byteLength(content)}:${content}`);
  expect(dataDigest({ ...none, texts })).toBe(hash.digest("hex"));
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
