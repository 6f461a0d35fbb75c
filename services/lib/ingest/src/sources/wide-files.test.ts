import { expect, test } from "vitest";
import { readSmall } from "../../test/mapping-fixture.ts";

const FEATURES = 100;

/** Files and configuration with `columns` number columns, of which the first 100 are features. */
function wide(columns: number, rows: readonly string[][], decimal = ".") {
  const names = Array.from({ length: columns }, (_, i) => `f${i}`);
  const used = names.slice(0, FEATURES);
  const delimiter = decimal === "," ? ";" : ",";
  return {
    files: {
      "suppliers.csv": `${["id", ...names, "late"].join(delimiter)}\n${rows.map((row) => row.join(delimiter)).join("\n")}\n`,
    },
    model: `version: 1
name: wide
features:
${used.map((name) => `  - { name: ${name}, kind: numeric, unit: days, range: [-100000, 100000] }`).join("\n")}
target: { name: late, risk_class: late, other_class: on_time }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`,
    mapping: `version: 1
sources:
  suppliers:
    file: suppliers.csv
    delimiter: "${delimiter}"
    decimal: "${decimal}"
    columns:
      id: text
${names.map((name) => `      ${name}: number`).join("\n")}
      late: integer
rows:
  from: suppliers
  supplier_id: id
  features: [${used.join(", ")}]
label: select id as supplier_id, late from suppliers
`,
  };
}

const cells = (columns: number, start: number): string[] =>
  Array.from({ length: columns }, (_, i) => String((start * 7 + i) % 100));

test.each([1_000, 1_998])(
  "reads a file with %d numbers in a row, and the columns keep their values",
  async (columns) => {
    const { files, ...pair } = wide(columns, [
      ["s1", ...cells(columns, 1), "0"],
      ["s2", ...cells(columns, 2), "1"],
    ]);
    const { table, rejected } = await readSmall(files, pair);
    expect(rejected.count).toBe(0);
    expect(table.supplierIds).toEqual(["s1", "s2"]);
    for (const at of [0, 1, 63, 64, 99])
      expect([...(table.numbers.get(`f${at}`) ?? [])]).toEqual([(7 + at) % 100, (14 + at) % 100]);
  },
  180_000,
);

test.each([3, 23, 24, 100])(
  "of %d columns, the first invalid value of each row is reported, whatever is around it",
  async (columns) => {
    const row = (id: string, ...changes: (readonly [at: number, text: string])[]): string[] => {
      const values = cells(columns, 1);
      for (const [at, text] of changes) values[Math.min(at, columns - 1)] = text;
      return [id, ...values, "0"];
    };
    const { files, ...pair } = wide(Math.max(columns, 3), [
      row("a", [1, "x"], [2, "y"]),
      row("b", [2, "1_000"]),
      row("c", [0, ""], [1, " 7 "]),
      row("d", [2, "1e999"]),
      row("e"),
      row("f"),
      row("g"),
    ]);
    const mapping =
      columns >= FEATURES
        ? pair.mapping
        : pair.mapping.replace(
            /features: \[.*\]/,
            `features: [${cells(columns, 0)
              .map((_, i) => `f${i}`)
              .join(", ")}]`,
          );
    const { table, rejected } = await readSmall(files, { ...pair, mapping });
    expect(table.supplierIds).toEqual(["c", "e", "f", "g"]);
    expect(table.numbers.get("f0")?.[0]).toBeNaN();
    expect(table.numbers.get("f1")?.[0]).toBe(7);
    expect(rejected.samples.map(({ line, column, text }) => [line, column, text])).toEqual([
      [2, "f1", "x"],
      [3, "f2", "1_000"],
      [5, "f2", "1e999"],
    ]);
  },
);

test("numbers with a decimal comma are read alike in 3 and in 100 columns", async () => {
  for (const columns of [3, 100]) {
    const { files, ...pair } = wide(
      columns,
      [
        ["a", ...cells(columns, 1).map((text) => `${text},5`), "0"],
        ["b", "1.5", ...cells(columns - 1, 1), "0"],
        ["c", ...cells(columns, 1), "1"],
      ],
      ",",
    );
    const mapping = pair.mapping.replace(
      /features: \[.*\]/,
      `features: [${cells(columns, 0)
        .map((_, i) => `f${i}`)
        .join(", ")}]`,
    );
    const { table, rejected } = await readSmall(files, { ...pair, mapping });
    expect(table.supplierIds).toEqual(["a", "c"]);
    expect(table.numbers.get("f2")?.[0]).toBe(9.5);
    expect(rejected.samples[0]).toMatchObject({
      line: 3,
      column: "f0",
      reason: expect.stringContaining("not a number with a decimal comma"),
    });
  }
});

test("a value longer than the limit rejects its row, and a value of the limit does not", async () => {
  const files = {
    "suppliers.csv": `id,delay,amount,late\ns1,1,${"0".repeat(9)}7,0\ns2,1,${"0".repeat(10)}7,1\ns3,1,1,0\n`,
  };
  const { table, rejected } = await readSmall(files, { limits: { maxCellBytes: 10 } });
  expect(table.supplierIds).toEqual(["s1", "s3"]);
  expect(rejected.reasons).toMatchObject([
    { column: null, reason: "a value longer than the 10 bytes of INGEST_MAX_CELL_BYTES", rows: 1 },
  ]);
  expect(rejected.samples[0]?.line).toBe(3);
});

test("the limits of rows, columns and bytes are checked before the rows are read, and name their variable", async () => {
  const files = { "suppliers.csv": "id,delay,amount,late\ns1,1,1,0\ns2,1,1,1\n" };
  await expect(readSmall(files, { limits: { maxRows: 1 } })).rejects.toThrow(
    "it has 2 rows, more than the 1 of INGEST_MAX_ROWS",
  );
  await expect(readSmall(files, { limits: { maxColumns: 3 } })).rejects.toThrow(
    "it has 4 columns, more than the 3 of INGEST_MAX_COLUMNS",
  );
  await expect(readSmall(files, { limits: { maxFileBytes: 38 } })).rejects.toThrow(
    "larger than the 38 bytes of INGEST_MAX_FILE_BYTES",
  );
  const { table } = await readSmall(files, { limits: { maxRows: 2, maxColumns: 4, maxFileBytes: 39 } });
  expect(table.rows).toBe(2);
});
