import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { startIngestProcess } from "../child/ingest-process.ts";
import { withSqlPlace } from "../ingest-errors.ts";
import { DEFAULT_LIMITS, type IngestLimits } from "../ingest-limits.ts";
import { snapshotWeekly, type WeeklySnapshot } from "../snapshot/weekly-snapshot.ts";

const WEEK = "id,delay,amount,region\ns1,1,10,EU\ns2,2,x20,\ns3,3,,US\ns4,n/a,7,US\n";
const REASON = "the expression of the mapping cannot be computed";

interface Texts {
  readonly features: string;
  readonly attributes?: string;
  readonly id?: string;
}

/** Returns a mapping of weekly files whose columns are texts. The features are in line 17. */
const mappingOf = ({ features, attributes = "{ display_name: id }", id = "id" }: Texts): string => {
  const [before = "", weekly = ""] = SMALL_MAPPING.split("weekly:");
  const texts = weekly
    .replace("delay: number, amount: number, region: text", "delay: text, amount: text, region: text")
    .replace("supplier_id: id", `supplier_id: ${id}`)
    .replace("features: [delay, amount]", `features: ${features}`)
    .replace(/attributes: .*/, `attributes: ${attributes}`);
  return `${before}weekly:${texts}`;
};

async function readWeek(texts: Texts, week = WEEK, limits: Partial<IngestLimits> = {}): Promise<WeeklySnapshot> {
  await using folder = await dataFolder({ "week.csv": week });
  const { model, mapping, sqlPlace } = await smallPair({ mapping: mappingOf(texts) });
  const files = { input: join(folder.path, "week.csv"), outParquet: join(folder.path, "week.parquet") };
  return await snapshotWeekly({ model, mapping, ...files, limits }).catch((error: unknown) => {
    throw withSqlPlace(error, sqlPlace);
  });
}

test("a row for which an expression fails is rejected, with file, line, supplier, value and error; a missing value is none", async () => {
  const read = await readWeek({
    features: '{ delay: "try_cast(delay as double)", amount: "cast(amount as integer)" }',
  });
  expect(read).toMatchObject({ rows: 3, rejected: { count: 1, byStage: { reading: 0, mapping: 1, validating: 0 } } });
  expect(read.rejected.reasons).toEqual([
    { source: "rows", stage: "mapping", column: "amount", reason: REASON, rows: 1 },
  ]);
  expect(read.rejected.samples).toEqual([
    {
      ...{ source: "rows", file: "week.csv", line: 3, column: "amount", text: "s2: amount = x20" },
      reason: expect.stringMatching(
        /^the expression of the mapping cannot be computed; Conversion Error: .*'x20'.*; if the value means not known, add it to null_values of its column, or use try_cast in the expression$/,
      ),
    },
  ]);
  // s3 has no amount, and is a row without this feature.
  const amounts = read.profile.columns.find(({ column }) => column === "amount");
  expect(amounts).toMatchObject({ rows: 4, missing: 2 });
});

test("the snapshot of a file with failing rows is that of the file without them", async () => {
  const features = '{ delay: "delay::double", amount: "amount::double" }';
  const some = await readWeek({ features });
  const without = await readWeek({ features }, "id,delay,amount,region\ns1,1,10,EU\ns3,3,,US\n");
  expect(some.rows).toBe(2);
  expect(some.profile.contentDigest).toBe(without.profile.contentDigest);
  expect(some.digest).toBe(without.digest);
});

test("rows of two expressions that fail are counted by expression, each row once", async () => {
  const week = `${WEEK}s5,x,y,EU\n`;
  const read = await readWeek({ features: '{ delay: "delay::double", amount: "amount::double" }' }, week);
  expect(read).toMatchObject({ rows: 2, rejected: { count: 3 } });
  expect(read.rejected.reasons.map(({ column, rows }) => [column, rows])).toEqual([
    ["delay", 2],
    ["amount", 1],
  ]);
});

test.each([
  ["two features", '{ delay: "amount::integer", amount: "amount::integer * 2" }', "{ display_name: id }", "delay", []],
  [
    "a feature and an attribute",
    '{ delay: "1", amount: "amount::integer" }',
    '{ region: "amount::integer::varchar", exposure: "7 + amount::integer" }',
    "amount",
    [],
  ],
  ["one feature", '{ delay: "1", amount: "amount::integer + amount::integer" }', "{ region: region }", "amount", []],
  [
    "two attributes",
    '{ delay: "1", amount: "2" }',
    '{ region: "amount::integer::varchar", exposure: "amount::integer" }',
    "",
    ["exposure", "region"],
  ],
])(
  "a cast that occurs twice, in %s, rejects only the rows for which it fails",
  async (_, features, attributes, column, changed) => {
    const read = await readWeek({ features, attributes });
    expect(read.rejected.reasons.map((reason) => [reason.column, reason.rows])).toEqual(column ? [[column, 1]] : []);
    expect(read.rows).toBe(column ? 3 : 4);
    expect(read.changedAttributes.map((attribute) => attribute.attribute)).toEqual(changed);
  },
);

test("a supplier id that cannot be computed rejects its row, which is shown without a supplier", async () => {
  const id = `"'s' || substr(id, 2)::integer"`;
  const read = await readWeek({ id, features: '{ delay: "1", amount: "2" }' }, `${WEEK}total,1,2,EU\n`);
  expect(read).toMatchObject({ rows: 4, rejected: { count: 1 } });
  expect(read.rejected.samples).toMatchObject([{ line: 6, column: "supplier_id", text: "id = total" }]);
});

test("an attribute that cannot be computed becomes unknown and is counted; its supplier stays", async () => {
  const attributes = `{ display_name: id, region: "upper(region)", exposure: "amount::double" }`;
  const read = await readWeek({ attributes, features: '{ delay: "1", amount: "2" }' });
  expect(read).toMatchObject({ rows: 4, rejected: { count: 0 } });
  expect(read.changedAttributes).toEqual([{ attribute: "exposure", change: `${REASON}, made unknown`, rows: 1 }]);
});

test("an expression that fails for every row is an error of the mapping, with its place in the file", async () => {
  const amount = readWeek({ features: '{ delay: "1", amount: "id::integer" }' });
  await expect(amount).rejects.toThrow(
    /^mapping, weekly\.rows\.features\.amount \(feature_mapping\.yaml line 17\): Conversion Error: .*'s1'.*; it fails for each of the 4 rows$/,
  );
  const region = readWeek({
    attributes: '{ region: "id::integer::varchar" }',
    features: '{ delay: "1", amount: "2" }',
  });
  await expect(region).rejects.toThrow(/weekly\.rows\.attributes\.region .*; it fails for each of the 4 rows$/);
  const only = readWeek(
    { features: '{ delay: "1", amount: "amount::integer" }' },
    "id,delay,amount,region\na,1,x,EU\n",
  );
  await expect(only).rejects.toThrow(/it fails for the only row$/);
});

test.each([["(select max(amount::integer) from weekly)"], ["lag(amount::integer) over (order by id)"]])(
  "%s is an error that says how to go on: its value is not of one row",
  async (sql) => {
    const read = readWeek({ features: `{ delay: "delay::double", amount: "${sql}" }` });
    await expect(read).rejects.toThrow(
      /^mapping, weekly\.rows\.features\.amount \(feature_mapping\.yaml line 17\): Conversion Error: .*'x20'.*; a value in an expression with a subquery or a window function cannot be rejected with its row: use try_cast/,
    );
  },
);

test("in a file of ten thousand rows, the samples are the first failing rows, up to their limit", async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `s${i},${i % 100 === 99 ? "late" : "1"},5,EU\n`).join("");
  const features = '{ delay: "delay::double", amount: "amount::double" }';
  const read = await readWeek({ features }, `id,delay,amount,region\n${rows}`);
  expect(read).toMatchObject({ rows: 9_900, rejected: { count: 100 } });
  expect(read.rejected.samples).toHaveLength(DEFAULT_LIMITS.maxSamples);
  expect(read.rejected.samples.slice(0, 2)).toMatchObject([
    { line: 101, text: "s99: delay = late" },
    { line: 201, text: "s199: delay = late" },
  ]);
}, 60_000);

test("a failing row does not hide the expression that exceeds a limit", async () => {
  const cross = "(select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 9)";
  await using folder = await dataFolder({ "week.csv": WEEK });
  const { model, mapping } = await smallPair({
    mapping: mappingOf({ features: `{ delay: "delay::double", amount: "${cross}" }` }),
  });
  await using reader = startIngestProcess();
  const read = reader.run({
    ...{ model, mapping, input: join(folder.path, "week.csv"), outParquet: join(folder.path, "week.parquet") },
    limits: { ...DEFAULT_LIMITS, folder: join(folder.path, "ingest"), sqlTimeoutMs: 1_000 },
  });
  await expect(read).rejects.toThrow(/features\.amount: .* ran longer than the 1 s of INGEST_STATEMENT_TIMEOUT/);
}, 60_000);

test("in training, a row for which an expression fails is rejected as in a weekly run", async () => {
  const mapping = SMALL_MAPPING.replace("amount: number", "amount: text").replace(
    "features: [delay, amount]",
    'features: { delay: delay, amount: "amount::double" }',
  );
  const { table, rejected } = await readSmall(
    { "suppliers.csv": "id,delay,amount,late\ns1,1,10,0\ns2,2,x20,1\ns3,3,30,1\n" },
    { mapping },
  );
  expect(table.supplierIds).toEqual(["s1", "s3"]);
  expect(rejected.samples).toMatchObject([
    { file: "suppliers.csv", line: 3, column: "amount", text: "s2: amount = x20" },
  ]);
});

test.each([
  ["delya", 'line 1, column 1: it has no column "delya"; did you mean "delay"? known: delay, '],
  ["1 + weekly.delya", 'line 1, column 5: it has no column "delya"; did you mean "delay"? known: delay, '],
  ["(select max(amuont::double) from weekly)", 'line 1, column 13: it has no column "amuont"; did you mean "amount"?'],
  [
    "(select max(rr) from (select id as rrr from weekly))",
    'line 1, column 13: it has no column "rr"; did you mean "rrr"?',
  ],
  ["lists.amount::double", 'line 1, column 1: it has no table "lists"; '],
  ['\\"two\\nlines\\"', 'line 1, column 1: it has no column "two\\nlines"; known: '],
  ["x".repeat(81), `line 1, column 1: it has no column "${"x".repeat(80)}…"; known: `],
])("the unknown name in %s is named with its place and the nearest names", async (sql, problem) => {
  const read = readWeek({ features: `{ delay: "1", amount: "${sql}" }` });
  await expect(read).rejects.toThrow(`mapping, weekly.rows.features.amount (feature_mapping.yaml line 17): ${problem}`);
  await expect(read).rejects.not.toThrow(/~|=/);
});

test.each([
  ["cast(delay as integr)", 'line 1, column 15: it has an unknown type "integr"; did you mean "integer"?'],
  ["delay::flot + 1", 'line 1, column 8: it has an unknown type "flot"; '],
])("the unknown type in %s is named with its place and the types", async (sql, problem) => {
  const read = readWeek({ features: `{ delay: "1", amount: "${sql}" }` });
  await expect(read).rejects.toThrow(`mapping, weekly.rows.features.amount (feature_mapping.yaml line 17): ${problem}`);
});

test.each([
  ["[1, 2]", "INTEGER[]"],
  ["string_split(region, ',')", "VARCHAR[]"],
  ["{'a': 1}", "STRUCT(a INTEGER)"],
])("the expression %s, which gives %s, is an error of the mapping", async (sql, type) => {
  const read = readWeek({ features: `{ delay: "1", amount: "${sql}" }` });
  await expect(read).rejects.toThrow(
    `mapping, weekly.rows.features.amount (feature_mapping.yaml line 17): it gives ${type}, not a single value; `,
  );
});

test("an unknown column of a step is named with its place and the columns of the tables that the step reads", async () => {
  const mapping = SMALL_MAPPING.replace(
    "rows:\n  from: suppliers",
    "steps:\n  - name: step\n    sql: |\n      select id, delay,\n        amuont as amount\n      from suppliers\nrows:\n  from: step",
  );
  const read = readSmall({ "suppliers.csv": "id,delay,amount,late\ns1,1,10,0\n" }, { mapping });
  await expect(read).rejects.toThrow(
    'mapping, steps[0] (step): line 2, column 3: it has no column "amuont"; did you mean "amount"? known: amount, id, delay, late',
  );
});
