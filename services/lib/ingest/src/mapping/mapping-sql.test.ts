import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSmall, SMALL_MAPPING } from "../../test/mapping-fixture.ts";
import { IngestLimitError, MappingSqlError } from "../ingest-errors.ts";

const FILES = { "suppliers.csv": "id,delay,amount,late\ns1,1,10,0\ns2,2,20,1\n", "secret.csv": "a\n1\n" };

let outside = "";
beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), "bellwether-outside-"));
});
afterAll(() => rm(outside, { recursive: true }));

function withStep(sql: string): string {
  const indented = sql.replaceAll("\n", "\n      ");
  return SMALL_MAPPING.replace(
    "rows:\n  from: suppliers",
    `steps:\n  - name: step\n    sql: |\n      ${indented}\nrows:\n  from: step`,
  );
}

async function problemOf(mapping: string, limits = {}): Promise<MappingSqlError> {
  const error = await readSmall(FILES, { mapping, limits }).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(MappingSqlError);
  if (!(error instanceof MappingSqlError)) throw error;
  return error;
}

test("steps can read the sources and the steps before them", async () => {
  const { table } = await readSmall(FILES, {
    mapping: withStep("select *, 1 as one -- a comment at the end\nfrom suppliers;"),
  });
  expect(table.supplierIds).toEqual(["s1", "s2"]);
});

test.each([
  ["select * from read_csv('/etc/passwd')"],
  ["select * from read_text('/etc/passwd')"],
  ["select * from 'secret.csv'"],
  ["select * from read_parquet('https://example.org/x.parquet')"],
  ["select * from glob('/etc/*')"],
  ["select * from sniff_csv('/etc/passwd')"],
  ["select * from suppliers where id in (select content from read_text('/proc/self/environ'))"],
])("rejects %s, which reads a file", async (sql) => {
  const error = await problemOf(withStep(sql));
  expect(error.message).toMatch(
    /^mapping, steps\[0\] \(step\): line 1, column \d+: (it reads the file "[^"]+"|\w+\(\) reads or writes files or the network), and a mapping may read only its declared sources; declare the file under sources$/,
  );
});

test.each([
  ["copy suppliers to 'OUT/x.csv'", /only a SELECT statement/],
  ["copy (select 1) to 'OUT/x.parquet'", /only a SELECT statement/],
  ["attach 'OUT/x.db'", /only a SELECT statement/],
  ["install httpfs", /only a SELECT statement/],
  ["load json", /only a SELECT statement/],
  ["pragma database_list", /only a SELECT statement/],
  ["set enable_external_access = true", /only a SELECT statement/],
  ["create table x as select 1", /only a SELECT statement/],
  ["insert into suppliers values (1)", /only a SELECT statement/],
  ["drop view suppliers", /only a SELECT statement/],
  ["explain select 1", /only a SELECT statement/],
  ["select 1; select 2", /one SELECT statement is expected/],
  ["select 1); drop table suppliers; --", /syntax error/],
  ["-- nothing", /one SELECT statement is expected/],
  ["select * from '/etc/passwd'", /it reads the file "\/etc\/passwd"/],
  ["select $1 as id", /parameters such as \$1/],
  ["select * from supplers", /it has no table "supplers"; the nearest is "suppliers"/],
  ["selec * from suppliers", /syntax error/],
  ["select *, random() as r from suppliers", /random\(\) returns a different value in every run/],
  ["select *, current_date as today from suppliers", /current_date returns a different value in every run/],
  ["select * from suppliers using sample 1", /a sample returns different rows in every run/],
])("rejects %s", async (sql, expected) => {
  const error = await problemOf(withStep(sql.replace("OUT", outside)));
  expect(error.path).toBe("steps[0] (step)");
  expect(error.message).toMatch(expected);
  expect(await readdir(outside)).toEqual([]);
});

test("accepts names of non-deterministic functions in texts, identifiers and comments", async () => {
  const sql = 'select *, \'now()\' as a, "delay" as "random" -- today()\nfrom suppliers /* current_date */';
  expect((await readSmall(FILES, { mapping: withStep(sql) })).table.rows).toBe(2);
});

test("stops SQL that does not end, and names it", async () => {
  const sql =
    "select a.range as id, 0 as delay, 0 as amount from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 9";
  const started = performance.now();
  const error = await problemOf(withStep(sql), { sqlTimeoutMs: 300 });
  expect(error.message).toMatch(
    /^mapping, steps\[0\] \(step\): it ran longer than the 0\.3 s of INGEST_STATEMENT_TIMEOUT; join tables on a column/,
  );
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("accepts the largest number of rows, and rejects one more", async () => {
  const sql = "select 's' || range as id, 0 as delay, 0 as amount from range(1000)";
  const error = await problemOf(withStep(sql), { maxRows: 999 });
  expect(error.message).toContain("it returns more than 999 rows");
  const passed = await readSmall(FILES, {
    mapping: withStep(`${sql} union all select 's1', 1, 1`).replace("union all", "where range <> 1 union all"),
    limits: { maxRows: 1000 },
  });
  expect(passed.unlabelled).toBe(998);
});

test("buffers over the limit are an error of the step, and the process continues", async () => {
  const reading = readSmall(FILES, {
    mapping: withStep("select string_agg(repeat('x', 1000)) as id from range(10000000)"),
    limits: { memoryMb: 64, maxSpillBytes: 2 ** 26 },
  });
  await expect(reading).rejects.toThrow(IngestLimitError);
  await expect(reading).rejects.toThrow(
    /^mapping, steps\[0\] \(step\): it needs more memory .* bytes of INGEST_MAX_(MEMORY|SPILL)_BYTES/,
  );
});

test("an aborted signal stops the reading", async () => {
  const sql =
    "select a.range as id, 0 as delay, 0 as amount from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 9";
  const reading = readSmall(FILES, { mapping: withStep(sql), signal: AbortSignal.timeout(300) });
  await expect(reading).rejects.toThrow(/the caller gave up|aborted/);
});

test.each([
  [
    "features: [delay, amount]",
    "features: { delay: delya, amount: amount }",
    'rows.features.delay: line 1, column 1: it has no column "delya"; did you mean "delay"? known: delay, ',
  ],
  [
    "features: [delay, amount]",
    "features: { delay: \"(select 1 from read_text('/etc/passwd'))\", amount: amount }",
    "rows.features.delay: line 1, column 16: read_text() reads or writes files",
  ],
  [
    "features: [delay, amount]",
    'features: { delay: "1) from suppliers; drop table x; --", amount: amount }',
    "rows.features.delay: ",
  ],
  [
    "features: [delay, amount]",
    'features: { delay: "random()", amount: amount }',
    "rows.features.delay: line 1, column 1: random() returns",
  ],
  [
    "supplier_id: id\n  features",
    "supplier_id: idd\n  features",
    'rows.supplier_id: line 1, column 1: it has no column "idd"',
  ],
  [
    "label: select id as supplier_id, late from suppliers",
    "label: select id, late from suppliers",
    'label: it returns no column "supplier_id"',
  ],
  [
    "label: select id as supplier_id, late from suppliers",
    "label: select id as supplier_id, late as lat from suppliers",
    'label: it returns no column "late"; the nearest is "lat"',
  ],
  [
    "label: select id as supplier_id, late from suppliers",
    "label: select id as supplier_id, late from suppliers union all select 's1', 1",
    "label: it labels s1 more than once",
  ],
])("reports %s written as %s with its path", async (good, bad, expected) => {
  const error = await problemOf(SMALL_MAPPING.replace(good, bad));
  expect(error.message).toContain(`mapping, ${expected}`);
});
